"""Super-resolution by sub-pixel convolution; 2017."""
import torch
import torch.nn as nn
import torch.nn.init as init
import torch.optim as optim
from torch.autograd import Variable

from pedagogic_nn.data import images


class Net(nn.Module):
    def __init__(self, upscale_factor):
        super(Net, self).__init__()

        self.relu = nn.ReLU()
        self.conv1 = nn.Conv2d(1, 16, (5, 5), (1, 1), (2, 2))
        self.conv2 = nn.Conv2d(16, 16, (3, 3), (1, 1), (1, 1))
        self.conv3 = nn.Conv2d(16, upscale_factor ** 2, (3, 3), (1, 1), (1, 1))
        self.pixel_shuffle = nn.PixelShuffle(upscale_factor)

        self._initialize_weights()

    def forward(self, x):
        x = self.relu(self.conv1(x))
        x = self.relu(self.conv2(x))
        x = self.pixel_shuffle(self.conv3(x))
        return x

    def _initialize_weights(self):
        init.orthogonal(self.conv1.weight, init.calculate_gain('relu'))
        init.orthogonal(self.conv2.weight, init.calculate_gain('relu'))
        init.orthogonal(self.conv3.weight)


def main():
    torch.manual_seed(123)
    picture = grey(images("train"))
    model = Net(upscale_factor=2)
    criterion = nn.MSELoss()
    optimizer = optim.Adam(model.parameters(), lr=0.005)
    losses = []
    for i in range(60):
        row, column = (37 * i) % 64, (53 * i) % 64
        target = Variable(picture[:, :, row:row + 32, column:column + 32].clone())
        input = nn.AvgPool2d(2)(target)
        optimizer.zero_grad()
        loss = criterion(model(input), target)
        losses.append(float(loss.data))
        loss.backward()
        optimizer.step()
    bigger = model(Variable(picture[:, :, :16, :16], volatile=True))
    assert bigger.size() == torch.Size([1, 1, 32, 32])
    return {"before": sum(losses[:5]) / 5, "after": sum(losses[-5:]) / 5}


def grey(bundle):
    picture = next(iter(bundle.values()))
    picture = torch.from_numpy(picture).float().div(255)
    if picture.dim() == 3:
        picture = picture.mean(2)
    return picture.squeeze()[:96, :96].contiguous().view(1, 1, 96, 96)
