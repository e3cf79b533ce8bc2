"""A word model with carried state, truncated backpropagation and clipping."""
import torch
import torch.nn.functional as F
from torch import nn

WORDS = ("the cat sat on the mat and the dog sat on the log while "
         "the bird sang to the cat and the dog ").split() * 60


class WordModel(nn.Module):
    def __init__(self, words, width=24, layers=2):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.lstm = nn.LSTM(width, width, num_layers=layers, dropout=0.2)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, words, bias=False)
        self.head.weight = self.embedding.weight
        nn.init.normal_(self.embedding.weight, std=0.1)

    def forward(self, ids, state=None):
        output, state = self.lstm(self.embedding(ids), state)
        return self.head(self.norm(output)), state


def main(steps=10):
    torch.manual_seed(0)
    dictionary = {word: k for k, word in enumerate(dict.fromkeys(WORDS))}
    ids = torch.tensor([dictionary[word] for word in WORDS])
    columns = ids[:len(ids) // 8 * 8].reshape(8, -1).T.contiguous()
    model = WordModel(len(dictionary))
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0, momentum=0.9, nesterov=True)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    losses = []
    for _ in range(4):
        state = None
        for start in range(0, len(columns) - 1, steps):
            target = columns[start + 1:start + 1 + steps]
            scores, state = model(columns[start:start + len(target)], state)
            state = tuple(s.detach() for s in state)
            loss = F.cross_entropy(scores.flatten(0, 1), target.flatten())
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
            losses.append(loss.item())
        scheduler.step()
    return {"before": losses[0], "after": losses[-1]}
