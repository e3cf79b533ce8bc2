"""Which country does a surname come from? A bidirectional GRU over packed letters."""
import torch
from torch import nn
from torch.nn.utils.rnn import pack_sequence
from torch.utils.data import DataLoader

from pedagogic_nn.data import surnames


class Classifier(nn.Module):
    def __init__(self, letters, countries, width=24):
        super().__init__()
        self.embedding = nn.Embedding(letters, width)
        self.gru = nn.GRU(width, width, bidirectional=True)
        self.head = nn.Sequential(nn.Dropout(0.1), nn.Linear(2 * width, countries))

    def forward(self, packed):
        packed = packed._replace(data=self.embedding(packed.data))
        _, last = self.gru(packed)
        return self.head(torch.cat([last[0], last[1]], dim=1))


def collate(rows):
    names, countries = zip(*rows)
    return pack_sequence(names, enforce_sorted=False), torch.tensor(countries)


def main():
    torch.manual_seed(0)
    names, countries = surnames("train")
    letters = {c: k for k, c in enumerate(sorted(set("".join(names))))}
    rows = [(torch.tensor([letters[c] for c in name]), int(country))
            for name, country in zip(names, countries)]
    order = torch.randperm(len(rows)).tolist()
    train, test = [rows[k] for k in order[:2400]], [rows[k] for k in order[2400:2800]]
    model = Classifier(len(letters), 12)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.05)
    losses = []
    for packed, target in DataLoader(train, batch_size=64, shuffle=True,
                                     collate_fn=collate):
        optimizer.zero_grad()
        loss = criterion(model(packed), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.inference_mode():
        packed, target = collate(test)
        accuracy = (model(packed).argmax(dim=1) == target).float().mean().item()
    return {"before": losses[0], "after": sum(losses[-5:]) / 5,
            "ratio": 0.8, "accuracy": accuracy, "at least": 0.4}
