"""Converts a multilingual Whisper checkpoint in CTranslate2's format to int8 ONNX. See README.md.

usage: convert.py CHECKPOINT_FOLDER OUTPUT_FOLDER NAME [--bits 7|8|32]
"""
import argparse
import base64
import json
import os

import numpy as np

from ct2_checkpoint import Checkpoint
from onnx_graph import FLOAT, INT64, Graph, tensor

SPLIT, SPLIT_TRANSPOSED = [0, 2, 1, 3], [0, 2, 3, 1]


def normed(g, w, x, name):
    return g.norm(x, w.array(name + '/gamma'), w.array(name + '/beta'))


def feed_forward(g, w, x, name):
    hidden = g.gelu(g.linear(normed(g, w, x, name + 'layer_norm'), *w.projection(name + 'linear_0')))
    return g.linear(hidden, *w.projection(name + 'linear_1'))


def encoder(w, bits, path, metadata):
    g, x = Graph(bits, w.heads), 'mel'
    for name, stride in (('conv1', 1), ('conv2', 2)):
        kernel, bias = w.array(f'encoder/{name}/weight'), w.array(f'encoder/{name}/bias')
        x = g.gelu(g.op('Conv', x, g.half(kernel), g.const(bias), pads=[1, 1], strides=[stride]))
    x = g.op('Transpose', x, perm=[0, 2, 1])
    length = g.op('Slice', g.op('Shape', x), g.ints(1), g.ints(2))
    positions = g.op('Slice', g.half(w.array('encoder/position_encodings/encodings')), g.ints(0), length, g.ints(0))
    x = g.op('Add', x, positions)
    for layer in range(w.encoder_layers):
        name = f'encoder/layer_{layer}/'
        joint = g.linear(normed(g, w, x, name + 'self_attention/layer_norm'), *w.query_scaled(name + 'self_attention/linear_0'))
        q, k, v = g.op('Split', joint, axis=2, n=3)
        heads = [g.split_heads(y, order, w.head_dim) for y, order in ((q, SPLIT), (k, SPLIT_TRANSPOSED), (v, SPLIT))]
        attended, _ = g.attention(*heads, w.width)
        x = g.op('Add', x, g.linear(attended, *w.projection(name + 'self_attention/linear_1')))
        x = g.op('Add', x, feed_forward(g, w, x, name + 'ffn/'))
    x = normed(g, w, x, 'encoder/layer_norm')
    outputs = []
    for layer in range(w.decoder_layers):
        k, v = g.op('Split', g.linear(x, *w.projection(f'decoder/layer_{layer}/attention/linear_1')), axis=2, n=2)
        for name, y, order in (('ck', k, SPLIT_TRANSPOSED), ('cv', v, SPLIT)):
            g.op('Transpose', g.op('Reshape', y, g.ints(0, 0, w.heads, w.head_dim)), perm=order, out=f'{name}{layer}')
        outputs += cross_tensors(w, layer)
    g.save([tensor('mel', ['N', w.mels, 'M'])], outputs, path, metadata)


def cross_tensors(w, layer):
    return [tensor(f'ck{layer}', ['N', w.heads, w.head_dim, 'T']), tensor(f'cv{layer}', ['N', w.heads, 'T', w.head_dim])]


def decoder(w, bits, path):
    g = Graph(bits, w.heads)
    embeddings = w.array('decoder/embeddings/weight')
    count = g.op('Slice', g.op('Shape', 'tokens'), g.ints(1), g.ints(2))
    scalar = lambda x: g.op('Squeeze', x, g.ints(0))
    offset = g.op('Slice', g.op('Shape', 'pk0'), g.ints(2), g.ints(3))
    total = g.op('Add', offset, count)
    # The columns of the logits matrix are the embeddings.
    if bits == 32:
        table, scales = g.const(embeddings.T), None
        x = g.op('Transpose', g.op('Gather', table, 'tokens', axis=1), perm=[1, 2, 0])
    else:
        table, scales = g.quantised(embeddings)
        x = g.op('Cast', g.op('Transpose', g.op('Gather', table, 'tokens', axis=1), perm=[1, 2, 0]), to=FLOAT)
        x = g.op('Mul', x, g.op('Unsqueeze', g.op('Gather', scales, 'tokens'), g.ints(2)))
    positions = g.op('Slice', g.const(w.array('decoder/position_encodings/encodings')), offset, total, g.ints(0))
    x = g.op('Add', x, positions)
    one = lambda: g.const(np.int64(1))
    row = g.op('Unsqueeze', g.op('Range', scalar(offset), scalar(total), one()), g.ints(1))
    column = g.op('Range', g.const(np.int64(0)), scalar(total), one())
    later = g.op('Greater', g.op('Unsqueeze', column, g.ints(0)), row)
    mask = g.op('Where', later, g.const(np.float32(-1e9)), g.const(np.float32(0)))
    aligning = []
    for layer in range(w.decoder_layers):
        name = f'decoder/layer_{layer}/'
        joint = g.linear(normed(g, w, x, name + 'self_attention/layer_norm'), *w.query_scaled(name + 'self_attention/linear_0'))
        q, k, v = g.op('Split', joint, axis=2, n=3)
        cached = {}
        for kind, y in (('k', k), ('v', v)):
            y = g.op('Concat', f'p{kind}{layer}', g.split_heads(y, SPLIT, w.head_dim), axis=2, out=f'n{kind}{layer}')
            cached[kind] = g.op('Transpose', y, perm=[0, 1, 3, 2]) if kind == 'k' else y
        attended, _ = g.attention(g.split_heads(q, SPLIT, w.head_dim), cached['k'], cached['v'], w.width, mask)
        x = g.op('Add', x, g.linear(attended, *w.projection(name + 'self_attention/linear_1')))
        query = g.linear(normed(g, w, x, name + 'attention/layer_norm'), *w.query_scaled(name + 'attention/linear_0'))
        attended, weights = g.attention(g.split_heads(query, SPLIT, w.head_dim), f'ck{layer}', f'cv{layer}', w.width)
        heads = [head for at, head in w.alignment_heads if at == layer]
        if heads:
            aligning.append(g.op('Gather', weights, g.ints(*heads), axis=1))
        x = g.op('Add', x, g.linear(attended, *w.projection(name + 'attention/linear_2')))
        x = g.op('Add', x, feed_forward(g, w, x, name + 'ffn/'))
    x = normed(g, w, x, 'decoder/layer_norm')
    last = g.op('Slice', x, g.ints(-1), g.ints(1 << 31), g.ints(1))
    if bits == 32:
        g.op('MatMul', last, table, out='logits')
    else:
        g.quantised_matmul(last, table, scales, out='logits')
    g.op('Concat', *aligning, axis=1, out='cross_attention_weights')

    def cache(prefix, length):
        return [tensor(f'{prefix}{kind}{layer}', ['N', w.heads, length, w.head_dim]) for layer in range(w.decoder_layers) for kind in 'kv']

    crosses = [info for layer in range(w.decoder_layers) for info in cross_tensors(w, layer)]
    outputs = [tensor('logits', ['N', 'n1', w.vocab_size]), *cache('n', 'Q'), tensor('cross_attention_weights', ['N', len(w.alignment_heads), 'n', 'T'])]
    g.save([tensor('tokens', ['N', 'n'], INT64), *cache('p', 'P'), *crosses], outputs, path)


def slaney_mel(mels, bins=201, rate=16000):
    """Triangular filters on Slaney's scale, normalised by area, as Whisper was trained with."""
    step_hz, border_hz, log_step = 200 / 3, 1000., np.log(6.4) / 27
    hz = lambda mel: np.where(mel < border_hz / step_hz, mel * step_hz, border_hz * np.exp(log_step * (mel - border_hz / step_hz)))
    top = border_hz / step_hz + np.log(rate / 2 / border_hz) / log_step
    edges, centres = hz(np.linspace(0, top, mels + 2)), np.linspace(0, rate / 2, bins)
    up = (centres - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    down = (edges[2:, None] - centres) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0, np.minimum(up, down)) * (2 / (edges[2:] - edges[:-2]))[:, None]


def frontend(w, path):
    """Log-mel of 25 ms windows every 10 ms; the short-time Fourier transform is a convolution with a windowed basis."""
    g = Graph(32, w.heads)
    turns = np.arange(201)[:, None] * np.arange(400)[None]
    window = .5 - .5 * np.cos(2 * np.pi * np.arange(400) / 400)
    angle = 2 * np.pi * (turns % 400) / 400
    basis = np.concatenate([np.cos(angle) * window, -np.sin(angle) * window])[:, None].astype(np.float32)
    y = g.op('Conv', g.op('Unsqueeze', 'audio', g.ints(1)), g.const(basis), strides=[160])
    real, imaginary = g.op('Split', g.op('Mul', y, y), axis=1, n=2)
    mel = g.op('MatMul', g.const(slaney_mel(w.mels).astype(np.float32)), g.op('Add', real, imaginary))
    y = g.op('Mul', g.op('Log', g.op('Max', mel, g.const(np.float32(1e-10)))), g.const(np.float32(1 / np.log(10))))
    loudest = g.op('ReduceMax', y, axes=[1, 2], keepdims=1)
    y = g.op('Max', y, g.op('Sub', loudest, g.const(np.float32(8))))
    g.op('Mul', g.op('Add', y, g.const(np.float32(4))), g.const(np.float32(.25)), out='mel')
    g.save([tensor('audio', ['N', 'S'])], [tensor('mel', ['N', w.mels, 'M'])], path)


def encoder_metadata(w, name):
    """What other Whisper runtimes look for in an encoder graph."""
    sot, eot, ids, languages = w.special['<|startoftranscript|>'], w.special['<|endoftext|>'], w.special_ids(), w.languages()
    joined = lambda values: ','.join(map(str, values))
    return dict(
        model_type='whisper-' + name, version='2', maintainer='local', n_mels=w.mels, n_audio_ctx=1500, n_audio_state=w.width, n_audio_head=w.heads,
        n_audio_layer=w.encoder_layers, n_vocab=w.vocab_size, n_text_ctx=w.context, n_text_state=w.width, n_text_head=w.heads, n_text_layer=w.decoder_layers,
        sot_sequence=joined([sot, sot + 1, ids['transcribe']]), all_language_tokens=joined(token for token, _ in languages),
        all_language_codes=joined(code for _, code in languages), sot=sot, sot_index=0, eot=eot, blank_id=w.config['suppress_ids_begin'][0], is_multilingual=1,
        non_speech_tokens=joined(w.config['suppress_ids']), n_alignment_heads=len(w.alignment_heads),
        alignment_heads=joined(f'{layer}:{head}' for layer, head in w.alignment_heads), **ids)


def write_settings(w, name, path):
    settings = dict(
        name=name, layers=w.decoder_layers, heads=w.heads, headDim=w.head_dim, vocab=w.vocab_size, context=w.context, mels=w.mels, multilingual=True,
        sot=w.special['<|startoftranscript|>'], eot=w.special['<|endoftext|>'], **w.special_ids(), languages={code: token for token, code in w.languages()},
        suppress=w.config['suppress_ids'], suppressFirst=w.config['suppress_ids_begin'])
    with open(path, 'w') as file:
        json.dump(settings, file, indent=1)


def write_tokens(w, path):
    """The bytes of each token, base64: the vocabulary spells bytes as printable characters (GPT-2's table)."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = (byte for byte in range(256) if byte not in printable)
    byte_of = {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}
    with open(path, 'w') as file:
        for i, token in enumerate(w.vocabulary[:w.special['<|endoftext|>']]):
            file.write(base64.b64encode(bytes(byte_of[character] for character in token)).decode() + f' {i}\n')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('checkpoint')
    parser.add_argument('output')
    parser.add_argument('name')
    parser.add_argument('--bits', type=int, choices=(7, 8, 32), default=7)
    args = parser.parse_args()
    os.makedirs(args.output, exist_ok=True)
    path = lambda suffix: os.path.join(args.output, f'{args.name}-{suffix}')
    w = Checkpoint(args.checkpoint)
    encoder(w, args.bits, path('encoder.onnx'), encoder_metadata(w, args.name))
    decoder(w, args.bits, path('decoder.onnx'))
    frontend(w, path('frontend.onnx'))
    write_settings(w, args.name, path('model.json'))
    write_tokens(w, path('tokens.txt'))


main()
