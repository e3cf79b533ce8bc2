"""A character model of surnames with a GRU; 2017."""
import random

import torch
import torch.nn as nn
from torch.autograd import Variable

from pedagogic_nn.data import surnames


class RNN(nn.Module):
    def __init__(self, input_size, hidden_size, output_size, n_layers=1):
        super(RNN, self).__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.output_size = output_size
        self.n_layers = n_layers

        self.encoder = nn.Embedding(input_size, hidden_size)
        self.gru = nn.GRU(hidden_size, hidden_size, n_layers)
        self.decoder = nn.Linear(hidden_size, output_size)

    def forward(self, input, hidden):
        input = self.encoder(input.view(1, -1))
        output, hidden = self.gru(input.view(1, 1, -1), hidden)
        output = self.decoder(output.view(1, -1))
        return output, hidden

    def init_hidden(self):
        return Variable(torch.zeros(self.n_layers, 1, self.hidden_size))


def main():
    torch.manual_seed(0)
    random.seed(0)
    names = [name.lower() for name in surnames("train")[0]][:400]
    all_characters = sorted(set("".join(names))) + ["\n"]
    n_characters = len(all_characters)

    def char_tensor(string):
        tensor = torch.zeros(len(string)).long()
        for c in range(len(string)):
            tensor[c] = all_characters.index(string[c])
        return Variable(tensor)

    decoder = RNN(n_characters, 32, n_characters)
    decoder_optimizer = torch.optim.Adam(decoder.parameters(), lr=0.005)
    criterion = nn.CrossEntropyLoss()
    losses = []
    for epoch in range(150):
        line = random.choice(names) + "\n"
        inp, target = char_tensor(line[:-1]), char_tensor(line[1:])
        hidden = decoder.init_hidden()
        decoder.zero_grad()
        loss = 0
        for c in range(len(line) - 1):
            output, hidden = decoder(inp[c], hidden)
            loss += criterion(output, target[c].view(1))
        loss.backward()
        decoder_optimizer.step()
        losses.append(loss.data.numpy().item() / (len(line) - 1))

    hidden, inp, predicted = decoder.init_hidden(), char_tensor("m"), "m"
    for p in range(8):
        output, hidden = decoder(inp, hidden)
        output_dist = output.data.view(-1).div(0.8).exp()
        top_i = torch.multinomial(output_dist, 1)[0]
        predicted += all_characters[top_i]
        inp = char_tensor(all_characters[top_i])
    assert len(predicted) == 9
    return {"before": sum(losses[:10]) / 10, "after": sum(losses[-20:]) / 20,
            "ratio": 0.8}
