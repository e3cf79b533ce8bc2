"""Captions for pictures of two digits: an encoder and an LSTM decoder; 2017."""
import torch
import torch.nn as nn
from torch.autograd import Variable
from torch.nn.utils.rnn import pack_padded_sequence

from pedagogic_nn.data import digits

WORDS = ['<pad>', '<start>', '<end>', 'zero', 'one', 'two', 'three', 'and', 'twice']


class EncoderCNN(nn.Module):
    def __init__(self, embed_size):
        super(EncoderCNN, self).__init__()
        self.conv = nn.Conv2d(1, 12, 3)
        self.linear = nn.Linear(12 * 3 * 7, embed_size)
        self.bn = nn.BatchNorm1d(embed_size, momentum=0.01)
        self.init_weights()

    def init_weights(self):
        self.linear.weight.data.normal_(0.0, 0.05)
        self.linear.bias.data.fill_(0)

    def forward(self, images):
        features = nn.functional.max_pool2d(self.conv(images).clamp(min=0), 2)
        features = features.view(features.size(0), -1)
        return self.bn(self.linear(features))


class DecoderRNN(nn.Module):
    def __init__(self, embed_size, hidden_size, vocab_size, num_layers):
        super(DecoderRNN, self).__init__()
        self.embed = nn.Embedding(vocab_size, embed_size)
        self.lstm = nn.LSTM(embed_size, hidden_size, num_layers, batch_first=True)
        self.linear = nn.Linear(hidden_size, vocab_size)

    def forward(self, features, captions, lengths):
        embeddings = self.embed(captions)
        embeddings = torch.cat((features.unsqueeze(1), embeddings), 1)
        packed = pack_padded_sequence(embeddings, lengths, batch_first=True)
        hiddens, _ = self.lstm(packed)
        outputs = self.linear(hiddens[0])
        return outputs

    def sample(self, features, states=None):
        """Samples captions for given image features (greedy search)."""
        sampled_ids = []
        inputs = features.unsqueeze(1)
        for i in range(5):
            hiddens, states = self.lstm(inputs, states)
            outputs = self.linear(hiddens.squeeze(1))
            predicted = outputs.max(1)[1]
            sampled_ids.append(predicted)
            inputs = self.embed(predicted).unsqueeze(1)
        return torch.stack(sampled_ids, 1)


def main():
    torch.manual_seed(0)
    images, labels = digits("train")
    small = [k for k in range(len(labels)) if labels[k] < 4]
    pictures, captions = [], []
    for left, right in zip(small[:256], small[256:512]):
        a, b = int(labels[left]), int(labels[right])
        pictures.append(torch.cat([torch.from_numpy(images[left]).float(),
                                   torch.from_numpy(images[right]).float()], 1))
        captions.append([1] + ([3 + a, 8] if a == b else [3 + a, 7, 3 + b]) + [2])
    pictures = torch.stack(pictures, 0).unsqueeze(1) / 16

    encoder, decoder = EncoderCNN(16), DecoderRNN(16, 24, len(WORDS), 1)
    criterion = nn.CrossEntropyLoss()
    params = list(decoder.parameters()) + list(encoder.parameters())
    optimizer = torch.optim.Adam(params, lr=0.02)
    losses = []
    for epoch in range(3):
        for i in range(0, len(captions), 32):
            rows = sorted(range(i, min(i + 32, len(captions))),
                          key=lambda k: len(captions[k]), reverse=True)
            lengths = [len(captions[k]) for k in rows]
            padded = torch.zeros(len(rows), max(lengths)).long()
            for n, k in enumerate(rows):
                padded[n, :lengths[n]] = torch.LongTensor(captions[k])
            batch = Variable(pictures[torch.LongTensor(rows)])
            padded = Variable(padded)
            targets = pack_padded_sequence(padded, lengths, batch_first=True)[0]
            decoder.zero_grad()
            encoder.zero_grad()
            outputs = decoder(encoder(batch), padded, lengths)
            loss = criterion(outputs, targets)
            loss.backward()
            optimizer.step()
            losses.append(float(loss.data))
    encoder.eval()
    sampled = decoder.sample(encoder(Variable(pictures[:2])))
    assert sampled.size() == (2, 5) and sampled.data[0, 0] == 1
    return {"before": losses[0], "after": losses[-1], "ratio": 0.6}
