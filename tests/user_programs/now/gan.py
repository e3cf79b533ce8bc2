"""A generative adversarial network of points on a ring."""
import torch
from torch import nn


def ring(n):
    angle = torch.rand(n) * 2 * torch.pi
    return torch.stack([angle.cos(), angle.sin()], dim=1) * 2


def main():
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Linear(4, 32), nn.LayerNorm(32), nn.LeakyReLU(0.2),
                              nn.Linear(32, 32), nn.LeakyReLU(0.2), nn.Linear(32, 2))
    critic = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 32),
                           nn.LeakyReLU(0.2), nn.Linear(32, 1))
    criterion = nn.BCEWithLogitsLoss()
    options = {"lr": 2e-3, "betas": (0.5, 0.99)}
    for_generator = torch.optim.Adam(generator.parameters(), **options)
    for_critic = torch.optim.Adam(critic.parameters(), **options)

    @torch.no_grad()
    def distance():
        return (generator(torch.randn(500, 4)).norm(dim=1) - 2).abs().mean().item()

    before = distance()
    for _ in range(400):
        fake = generator(torch.randn(64, 4))
        scores = critic(torch.cat([ring(64), fake.detach()])).squeeze(1)
        truth = torch.cat([torch.full((64,), 0.9), torch.zeros(64)])
        for_critic.zero_grad()
        criterion(scores, truth).backward()
        for_critic.step()

        critic.requires_grad_(False)
        for_generator.zero_grad()
        criterion(critic(fake).squeeze(1), torch.ones(64)).backward()
        for_generator.step()
        critic.requires_grad_(True)
    return {"before": before, "after": distance()}
