"""Shader nodes in one call each: constants and links are the same to whoever builds a tree."""

from typing import TypeAlias

import bpy

Tree: TypeAlias = bpy.types.NodeTree
Socket: TypeAlias = "bpy.types.NodeSocket | float | tuple[float, ...]"  # a link, or a constant


def connect(tree: Tree, target: bpy.types.NodeSocket, value: Socket) -> None:
    """Link a socket, or set a number (over all channels) or a triple."""
    if isinstance(value, tuple):
        target.default_value = (*value, 1.0)[: len(target.default_value)]  # colours are opaque
    elif isinstance(value, float):
        channels = len(target.default_value) if hasattr(target.default_value, "__len__") else 0
        target.default_value = (value,) * channels if channels else value
    else:
        tree.links.new(value, target)


def number_math(tree: Tree, operation: str, *values: Socket) -> Socket:
    """A scalar Math node's output."""
    node = tree.nodes.new("ShaderNodeMath")
    node.operation = operation
    for target, value in zip(node.inputs, values, strict=False):
        connect(tree, target, value)
    return node.outputs["Value"]


def vector_math(tree: Tree, operation: str, *values: Socket, output: str = "Vector") -> Socket:
    """A Vector Math node's output; scalars spread over all three channels."""
    node = tree.nodes.new("ShaderNodeVectorMath")
    node.operation = operation
    for target, value in zip(node.inputs, values, strict=False):
        connect(tree, target, value)
    return node.outputs[output]
