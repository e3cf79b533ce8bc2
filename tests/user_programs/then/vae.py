"""A variational autoencoder of digits; 2017."""
import torch
import torch.utils.data
from torch import nn, optim
from torch.autograd import Variable
from torch.nn import functional as F

from pedagogic_nn.data import digits


class VAE(nn.Module):
    def __init__(self):
        super(VAE, self).__init__()

        self.fc1 = nn.Linear(64, 40)
        self.fc21 = nn.Linear(40, 8)
        self.fc22 = nn.Linear(40, 8)
        self.fc3 = nn.Linear(8, 40)
        self.fc4 = nn.Linear(40, 64)

        self.relu = nn.ReLU()
        self.sigmoid = nn.Sigmoid()

    def encode(self, x):
        h1 = self.relu(self.fc1(x))
        return self.fc21(h1), self.fc22(h1)

    def reparametrize(self, mu, logvar):
        std = logvar.mul(0.5).exp_()
        eps = torch.FloatTensor(std.size()).normal_()
        eps = Variable(eps)
        return eps.mul(std).add_(mu)

    def decode(self, z):
        h3 = self.relu(self.fc3(z))
        return self.sigmoid(self.fc4(h3))

    def forward(self, x):
        mu, logvar = self.encode(x.view(-1, 64))
        z = self.reparametrize(mu, logvar)
        return self.decode(z), mu, logvar


reconstruction_function = nn.BCELoss()
reconstruction_function.size_average = False


def loss_function(recon_x, x, mu, logvar):
    BCE = reconstruction_function(recon_x, x.view(-1, 64)) * x.nelement()
    # 0.5 * sum(1 + log(sigma^2) - mu^2 - sigma^2)
    KLD_element = mu.pow(2).add_(logvar.exp()).mul_(-1).add_(1).add_(logvar)
    KLD = torch.sum(KLD_element).mul_(-0.5)
    return BCE + KLD


def main():
    torch.manual_seed(1)
    images, labels = digits("train")
    data = torch.from_numpy(images).float().view(-1, 64)
    data = data / data.max()
    dataset = torch.utils.data.TensorDataset(data, torch.from_numpy(labels))
    train_loader = torch.utils.data.DataLoader(dataset, batch_size=100, shuffle=True)
    model = VAE()
    optimizer = optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for epoch in range(5):
        model.train()
        for batch_idx, (batch, _) in enumerate(train_loader):
            batch = Variable(batch)
            optimizer.zero_grad()
            recon_batch, mu, logvar = model(batch)
            loss = loss_function(recon_batch, batch, mu, logvar)
            loss.backward()
            losses.append(float(loss.data) / len(batch))
            optimizer.step()
    sample = Variable(torch.randn(4, 8))
    assert model.decode(sample).data.view(4, 1, 8, 8).size() == (4, 1, 8, 8)
    return {"before": losses[0], "after": losses[-2], "ratio": 0.8}
