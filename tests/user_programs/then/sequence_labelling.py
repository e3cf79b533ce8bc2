"""Label every letter of a name: vowel, consonant, first letter; packed input; 2017."""
import torch
import torch.nn as nn
from torch.autograd import Variable
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from pedagogic_nn.data import surnames


class Tagger(nn.Module):
    def __init__(self, letters, hidden, tags):
        super(Tagger, self).__init__()
        self.embed = nn.Embedding(letters, hidden, padding_idx=0)
        self.rnn = nn.LSTM(hidden, hidden // 2, bidirectional=True)
        self.out = nn.Linear(hidden, tags)

    def forward(self, packed):
        embedded = nn.utils.rnn.PackedSequence(self.embed(packed.data),
                                               packed.batch_sizes)
        output, _ = self.rnn(embedded)
        output, lengths = pad_packed_sequence(output)
        return self.out(output), lengths


def main():
    torch.manual_seed(0)
    names = [name for name in surnames("train")[0][:640] if name.isalpha()]
    letters = sorted(set("".join(names)))

    def tag(name):
        return [2 if k == 0 else int(c in "aeiou") for k, c in enumerate(name)]

    model = Tagger(len(letters) + 1, 16, 3)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    criterion = nn.CrossEntropyLoss(torch.FloatTensor([1, 1, 0.5]))
    losses = []
    for i in range(0, len(names), 32):
        batch = sorted(names[i:i + 32], key=len, reverse=True)
        lengths = [len(name) for name in batch]
        x = torch.LongTensor(lengths[0], len(batch)).zero_()
        y = torch.LongTensor(lengths[0], len(batch)).zero_()
        for n, name in enumerate(batch):
            x[:len(name), n] = torch.LongTensor([letters.index(c) + 1 for c in name])
            y[:len(name), n] = torch.LongTensor(tag(name))
        x, y = Variable(x), Variable(y)
        scores, found = model(pack_padded_sequence(x, lengths))
        assert list(found) == lengths
        packed_scores = pack_padded_sequence(scores, lengths).data
        loss = criterion(packed_scores, pack_padded_sequence(y, lengths).data)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.data))
    hits = packed_scores.data.max(1)[1].eq(pack_padded_sequence(y, lengths).data.data)
    return {"before": losses[0], "after": losses[-1], "ratio": 0.6,
            "accuracy": float(hits.sum()) / len(hits), "at least": 0.7}
