"""Which country does a surname come from? A hand-made RNN over one-hot letters; 2017."""
import random

import torch
import torch.nn as nn
from torch.autograd import Variable

from pedagogic_nn.data import surnames


class RNN(nn.Module):
    def __init__(self, input_size, hidden_size, output_size):
        super(RNN, self).__init__()
        self.hidden_size = hidden_size
        self.i2h = nn.Linear(input_size + hidden_size, hidden_size)
        self.i2o = nn.Linear(input_size + hidden_size, output_size)
        self.softmax = nn.LogSoftmax()

    def forward(self, input, hidden):
        combined = torch.cat((input, hidden), 1)
        hidden = self.i2h(combined)
        output = self.i2o(combined)
        output = self.softmax(output)
        return output, hidden

    def initHidden(self):
        return Variable(torch.zeros(1, self.hidden_size))


def main():
    torch.manual_seed(1)
    random.seed(1)
    lines, countries = surnames("train")
    chosen = [k for k in range(len(lines)) if countries[k] in (0, 1, 2)]
    all_letters = sorted(set("".join(lines)))

    def lineToTensor(line):
        tensor = torch.zeros(len(line), 1, len(all_letters))
        for li, letter in enumerate(line):
            tensor[li][0][all_letters.index(letter)] = 1
        return tensor

    rnn = RNN(len(all_letters), 32, 3)
    criterion = nn.NLLLoss()
    learning_rate = 0.01
    losses, hits = [], 0
    for it in range(400):
        k = random.choice(chosen)
        category_tensor = Variable(torch.LongTensor([int(countries[k])]))
        line_tensor = Variable(lineToTensor(lines[k]))
        hidden = rnn.initHidden()
        rnn.zero_grad()
        for i in range(line_tensor.size()[0]):
            output, hidden = rnn(line_tensor[i], hidden)
        loss = criterion(output, category_tensor)
        loss.backward()
        for p in rnn.parameters():
            p.data.add_(p.grad.data, alpha=-learning_rate)
        losses.append(loss.data.numpy().item())
        top_n, top_i = output.data.topk(1)
        hits += it >= 300 and top_i[0][0] == category_tensor.data[0]
    return {"before": sum(losses[:50]) / 50, "after": sum(losses[-100:]) / 100,
            "ratio": 0.9, "accuracy": float(hits) / 100, "at least": 0.4}
