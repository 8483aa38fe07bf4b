"""Builds ONNX graphs node by node; names are numbered in order of creation, so the same program gives the same bytes."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def tensor(name, shape, kind=FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


class Graph:
    def __init__(self, bits, heads):
        """`bits`: width of the weights of every linear layer, 7 or 8 in int8; 32 leaves them in float."""
        self.bits, self.heads = bits, heads
        self.nodes, self.constants = [], []
        self._known, self._count = {}, 0

    def const(self, value, dtype=None):
        value = np.asarray(value, dtype=dtype)
        key = (value.tobytes(), value.shape, str(value.dtype)) if value.size < 16 else None
        if key and key in self._known:
            return self._known[key]
        self._count += 1
        name = f'c{self._count}'
        # ascontiguousarray would make a vector of a scalar.
        self.constants.append(numpy_helper.from_array(value.copy() if value.ndim == 0 else np.ascontiguousarray(value), name))
        if key:
            self._known[key] = name
        return name

    def half(self, value):
        """Stored in 16 bits; the runtime folds the cast when it loads the graph."""
        return self.op('Cast', self.const(value.astype(np.float16)), to=FLOAT)

    def ints(self, *values):
        return self.const(list(values), np.int64)

    def op(self, kind, *inputs, out=None, n=1, **attributes):
        self._count += 1
        outputs = [out] if out else [f'v{self._count}_{i}' for i in range(n)]
        self.nodes.append(helper.make_node(kind, list(inputs), outputs, name=f'{kind}{self._count}', **attributes))
        return outputs[0] if n == 1 else outputs

    def quantised(self, weight):
        """[out, in] float → int8 [in, out] and a scale per output."""
        top = (1 << self.bits - 1) - 1
        scale = np.abs(weight).max(1).astype(np.float32) / np.float32(top)
        scale[scale == 0] = 1
        return self.const(np.rint(weight / scale[:, None]).astype(np.int8).T), self.const(scale)

    def quantised_matmul(self, x, weight, scale, out=None):
        q, q_scale, zero = self.op('DynamicQuantizeLinear', x, n=3)
        product = self.op('Cast', self.op('MatMulInteger', q, weight, zero), to=FLOAT)
        return self.op('Mul', product, self.op('Mul', q_scale, scale), out=out)

    def linear(self, x, weight, bias=None):
        y = self.op('MatMul', x, self.const(weight.T)) if self.bits == 32 else self.quantised_matmul(x, *self.quantised(weight))
        return self.op('Add', y, self.const(bias)) if bias is not None else y

    def norm(self, x, gamma, beta):
        return self.op('LayerNormalization', x, self.const(gamma), self.const(beta), axis=-1, epsilon=1e-5)

    def gelu(self, x):
        erf = self.op('Erf', self.op('Div', x, self.const(np.float32(2 ** .5))))
        return self.op('Mul', self.op('Mul', x, self.op('Add', erf, self.const(np.float32(1)))), self.const(np.float32(.5)))

    def split_heads(self, x, order, head_dim):
        return self.op('Transpose', self.op('Reshape', x, self.ints(0, 0, self.heads, head_dim)), perm=order)

    def attention(self, q, k, v, width, mask=None):
        """q [N,h,n,d], k [N,h,d,T], v [N,h,T,d] → output [N,n,width] and weights [N,h,n,T]."""
        scores = self.op('MatMul', q, k)
        if mask:
            scores = self.op('Add', scores, mask)
        weights = self.op('Softmax', scores, axis=-1)
        joined = self.op('Transpose', self.op('MatMul', weights, v), perm=[0, 2, 1, 3])
        return self.op('Reshape', joined, self.ints(0, 0, width)), weights

    def save(self, inputs, outputs, path, metadata=None):
        graph = helper.make_graph(self.nodes, 'whisper', inputs, outputs, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=9, producer_name='convert.py')
        for key, value in (metadata or {}).items():
            entry = model.metadata_props.add()
            entry.key, entry.value = key, str(value)
        with open(path, 'wb') as file:
            file.write(model.SerializeToString(deterministic=True))
