"""Digits with two convolutions; 2017."""
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.autograd import Variable

from pedagogic_nn.data import digits


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(1, 10, kernel_size=3)
        self.conv2 = nn.Conv2d(10, 20, kernel_size=2)
        self.conv2_drop = nn.Dropout2d(p=0.2)
        self.fc1 = nn.Linear(80, 50)
        self.fc2 = nn.Linear(50, 10)

    def forward(self, x):
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        x = F.relu(self.conv2_drop(self.conv2(x)))
        x = x.view(-1, 80)
        x = F.relu(self.fc1(x))
        x = F.dropout(x, p=0.2, training=self.training)
        x = self.fc2(x)
        return F.log_softmax(x)


def main():
    torch.manual_seed(1)
    images, labels = digits("train")
    test_images, test_labels = digits("test")
    model = Net()
    optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.5)
    model.train()
    losses = []
    for epoch in range(4):
        for i in range(0, len(images) - 64, 64):
            data = torch.from_numpy(images[i:i + 64]).float().unsqueeze(1)
            target = torch.from_numpy(labels[i:i + 64]).long()
            data, target = Variable(data), Variable(target)
            optimizer.zero_grad()
            output = model(data)
            loss = F.nll_loss(output, target)
            loss.backward()
            optimizer.step()
            losses.append(float(loss.data))
    model.eval()
    data = Variable(torch.from_numpy(test_images).float().unsqueeze(1), volatile=True)
    target = Variable(torch.from_numpy(test_labels).long())
    output = model(data)
    test_loss = F.nll_loss(output, target, size_average=False).data
    pred = output.data.max(1)[1]  # get the index of the max log-probability
    correct = pred.eq(target.data).cpu().sum()
    assert float(test_loss) / len(data) < losses[0]
    return {"before": losses[0], "after": losses[-1],
            "accuracy": float(correct) / len(data), "at least": 0.8}
