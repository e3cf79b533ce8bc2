"""A character model of surnames with an LSTM over padded batches."""
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pad_sequence

from pedagogic_nn.data import surnames


class CharacterModel(nn.Module):
    def __init__(self, symbols, width=64):
        super().__init__()
        self.embedding = nn.Embedding(symbols, width, padding_idx=0)
        self.lstm = nn.LSTM(width, width, batch_first=True)
        self.head = nn.Linear(width, symbols)

    def forward(self, symbols, state=None):
        output, state = self.lstm(self.embedding(symbols), state)
        return self.head(output), state


@torch.no_grad()
def write(model, length, temperature=0.8):
    symbol, state, written = torch.tensor([[1]]), None, []
    for _ in range(length):
        scores, state = model(symbol, state)
        chances = F.softmax(scores[:, -1] / temperature, dim=-1)
        symbol = torch.multinomial(chances, num_samples=1)
        written.append(symbol.item())
    return written


def main():
    torch.manual_seed(0)
    names = surnames("train")[0][:1500]
    alphabet = {c: k for k, c in enumerate(sorted(set("".join(names))), start=2)}
    lines = [torch.tensor([1, *(alphabet[c] for c in name), 1]) for name in names]
    model = CharacterModel(len(alphabet) + 2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    losses = []
    for _ in range(40):
        batch = pad_sequence([lines[k] for k in torch.randperm(len(lines))[:32].tolist()],
                             batch_first=True)
        scores, _ = model(batch[:, :-1])
        loss = F.cross_entropy(scores.flatten(0, 1), batch[:, 1:].flatten(),
                               ignore_index=0)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        optimizer.step()
        losses.append(loss.item())
    assert len(write(model.eval(), 8)) == 8
    return {"before": losses[0], "after": sum(losses[-5:]) / 5, "ratio": 0.7}
