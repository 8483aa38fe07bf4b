"""Reads a Whisper checkpoint in CTranslate2's format: model.bin (version 4 to 6), config.json, tokenizer.json, vocabulary.txt."""
import json
import os
import struct

import numpy as np

DTYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}


def read_tensors(path):
    """Name → array. The file: version, spec name, revision, then per tensor its name, shape, type and bytes."""
    with open(path, 'rb') as file:
        data = memoryview(file.read())
    at = 0

    def number(kind):
        nonlocal at
        value = struct.unpack_from('<' + kind, data, at)[0]
        at += struct.calcsize('<' + kind)
        return value

    def text():
        nonlocal at
        length = number('H')
        value = bytes(data[at:at + length]).rstrip(b'\0').decode()
        at += length
        return value

    version = number('I')
    assert version >= 4, version
    text()
    number('I')
    tensors = {}
    for _ in range(number('I')):
        name = text()
        shape = [number('I') for _ in range(number('B'))]
        dtype = DTYPES[number('B')]
        size = number('I')
        tensors[name] = np.frombuffer(data[at:at + size], dtype=dtype).reshape(shape)
        at += size
    return tensors


class Checkpoint:
    def __init__(self, folder):
        self.tensors = read_tensors(os.path.join(folder, 'model.bin'))
        with open(os.path.join(folder, 'config.json')) as file:
            self.config = json.load(file)
        with open(os.path.join(folder, 'tokenizer.json'), encoding='utf8') as file:
            self.special = {token['content']: token['id'] for token in json.load(file)['added_tokens']}
        with open(os.path.join(folder, 'vocabulary.txt'), encoding='utf8') as file:
            self.vocabulary = file.read().split('\n')
        self.vocab_size, self.width = self.tensors['decoder/embeddings/weight'].shape
        self.heads = int(self.tensors['encoder/num_heads'])
        self.head_dim = self.width // self.heads
        self.context = self.tensors['decoder/position_encodings/encodings'].shape[0]
        self.mels = self.tensors['encoder/conv1/weight'].shape[1]
        self.encoder_layers = self._depth('encoder')
        self.decoder_layers = self._depth('decoder')
        self.alignment_heads = sorted(map(tuple, self.config['alignment_heads']))

    def _depth(self, part):
        names = (key.split('/')[1][6:] for key in self.tensors if key.startswith(part + '/layer_'))
        return 1 + max(int(name) for name in names if name.isdigit())

    def array(self, name):
        return self.tensors[name].astype(np.float32)

    def projection(self, name):
        return self.array(name + '/weight'), self.array(name + '/bias')

    def query_scaled(self, name):
        """A projection whose query rows carry 1/sqrt(head_dim), so that attention need not scale."""
        weight, bias = self.projection(name)
        scale = np.float32(self.head_dim ** -.5)
        weight, bias = weight.copy(), bias.copy()
        weight[:self.width] *= scale
        bias[:self.width] *= scale
        return weight, bias

    def special_ids(self):
        """Ids of the command tokens of a multilingual checkpoint; they follow the language tokens."""
        first = self.special['<|startoftranscript|>'] + len(self.config['lang_ids']) + 1
        names = ('translate', 'transcribe', 'sot_lm', 'sot_prev', 'no_speech', 'no_timestamps')
        ids = dict(zip(names, range(first, first + len(names))))
        assert ids['no_timestamps'] == self.special['<|notimestamps|>'], ids
        return ids

    def languages(self):
        """(token, code), in the order of the tokens."""
        known = set(self.config['lang_ids'])
        return sorted((token, text[2:-2]) for text, token in self.special.items() if token in known)
