"""Label every letter of a name: vowel, consonant, first letter; unsorted packed input."""
import torch
from torch import nn
from torch.nn.utils.rnn import pack_sequence, pad_packed_sequence, pad_sequence

from pedagogic_nn.data import surnames


class Tagger(nn.Module):
    def __init__(self, letters, width=16, tags=3):
        super().__init__()
        self.embedding = nn.Embedding(letters, width)
        self.lstm = nn.LSTM(width, width, proj_size=8, bidirectional=True)
        self.head = nn.Linear(16, tags)

    def forward(self, packed):
        output, _ = self.lstm(packed._replace(data=self.embedding(packed.data)))
        padded, lengths = pad_packed_sequence(output, batch_first=True)
        return self.head(padded), lengths


def main():
    torch.manual_seed(0)
    names = [name for name in surnames("train")[0][:640] if name.isalpha()]
    letters = {c: k for k, c in enumerate(sorted(set("".join(names))))}
    xs = [torch.tensor([letters[c] for c in name]) for name in names]
    ys = [torch.tensor([2, *("aeiou".count(c) for c in name[1:])]) for name in names]
    model = Tagger(len(letters))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    criterion = nn.CrossEntropyLoss(ignore_index=-1)
    losses, hits = [], []
    for k in range(0, len(names), 32):
        packed = pack_sequence(xs[k:k + 32], enforce_sorted=False)
        target = pad_sequence(ys[k:k + 32], batch_first=True, padding_value=-1)
        scores, lengths = model(packed)
        assert lengths.tolist() == [len(x) for x in xs[k:k + 32]]
        loss = criterion(scores.flatten(end_dim=1), target.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_value_(model.parameters(), 0.5)
        optimizer.step()
        losses.append(loss.item())
        real = target >= 0
        hits.append((scores.argmax(-1) == target)[real].float().mean().item())
    return {"before": losses[0], "after": losses[-1], "ratio": 0.6,
            "accuracy": hits[-1], "at least": 0.7}
