"""A generative adversarial network of a one-dimensional Gaussian; 2017."""
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.autograd import Variable

data_mean = 4
data_stddev = 1.25


def get_distribution_sampler(mu, sigma):
    return lambda n: torch.Tensor(1, n).normal_(mu, sigma)


def get_generator_input_sampler():
    return lambda m, n: torch.rand(m, n)


class Generator(nn.Module):
    def __init__(self, input_size, hidden_size, output_size):
        super(Generator, self).__init__()
        self.map1 = nn.Linear(input_size, hidden_size)
        self.map2 = nn.Linear(hidden_size, hidden_size)
        self.map3 = nn.Linear(hidden_size, output_size)

    def forward(self, x):
        x = F.elu(self.map1(x))
        x = F.sigmoid(self.map2(x))
        return self.map3(x)


class Discriminator(nn.Module):
    def __init__(self, input_size, hidden_size, output_size):
        super(Discriminator, self).__init__()
        self.map1 = nn.Linear(input_size, hidden_size)
        self.map2 = nn.Linear(hidden_size, hidden_size)
        self.map3 = nn.Linear(hidden_size, output_size)

    def forward(self, x):
        x = F.elu(self.map1(x))
        x = F.elu(self.map2(x))
        return F.sigmoid(self.map3(x))


def decorate_with_diffs(data, exponent):
    mean = torch.mean(data.data, 1, keepdim=True)
    mean_broadcast = torch.mul(torch.ones(data.size()), mean.tolist()[0][0])
    diffs = torch.pow(data - Variable(mean_broadcast), exponent)
    return torch.cat([data, diffs], 1)


def main():
    torch.manual_seed(3)
    d_sampler = get_distribution_sampler(data_mean, data_stddev)
    gi_sampler = get_generator_input_sampler()
    G = Generator(input_size=1, hidden_size=16, output_size=1)
    D = Discriminator(input_size=200, hidden_size=16, output_size=1)
    criterion = nn.BCELoss()
    d_optimizer = optim.Adam(D.parameters(), lr=1e-3, betas=(0.9, 0.999))
    g_optimizer = optim.Adam(G.parameters(), lr=5e-3, betas=(0.9, 0.999))

    def generated_mean():
        return G(Variable(gi_sampler(500, 1))).data.mean()

    before = abs(float(generated_mean()) - data_mean)
    for step in range(400):
        D.zero_grad()
        d_real_data = Variable(d_sampler(100))
        d_real_decision = D(decorate_with_diffs(d_real_data, 2.0))
        d_real_error = criterion(d_real_decision, Variable(torch.ones(1, 1)))
        d_real_error.backward()

        d_fake_data = G(Variable(gi_sampler(100, 1))).detach()
        d_fake_decision = D(decorate_with_diffs(d_fake_data.t(), 2.0))
        d_fake_error = criterion(d_fake_decision, Variable(torch.zeros(1, 1)))
        d_fake_error.backward()
        d_optimizer.step()

        G.zero_grad()
        g_fake_data = G(Variable(gi_sampler(100, 1)))
        dg_fake_decision = D(decorate_with_diffs(g_fake_data.t(), 2.0))
        g_error = criterion(dg_fake_decision, Variable(torch.ones(1, 1)))
        g_error.backward()
        g_optimizer.step()
    return {"before": before, "after": abs(float(generated_mean()) - data_mean)}
