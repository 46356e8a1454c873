"""XML from outside as plain nodes that know their line, within limits; entities of its own are refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from tirage.media.notes import Notes
from tirage.video.findings import tell

__all__ = ["Node", "parse_xml"]

MAX_DEPTH = 200
MAX_NODES = 2_000_000


@dataclass(slots=True)
class Node:
    """An element."""

    tag: str
    attributes: dict[str, str]
    line: int
    children: list[Node] = field(default_factory=list)
    text: str = ""

    def find(self, *path: str) -> Node | None:
        """The first element down a path of tags."""
        node: Node | None = self
        for tag in path:
            node = next((child for child in node.children if child.tag == tag), None) if node else None
        return node

    def words(self, *path: str) -> str:
        """The text of the first element down a path; empty where there is none."""
        node = self.find(*path)
        return node.text.strip() if node else ""

    def all(self, tag: str) -> Iterator[Node]:
        """The children of a tag."""
        return (child for child in self.children if child.tag == tag)

    def walk(self) -> Iterator[Node]:
        """This and all below, in the order of the file."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += reversed(node.children)


class _TooMuchError(Exception):
    """Ends the parser."""


def parse_xml(data: bytes, notes: Notes) -> Node | None:
    """The root; None after noting broken syntax or a limit, with its line."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    root = Node("", {}, 0)
    open_nodes, count = [root], 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(open_nodes) > MAX_DEPTH or count > MAX_NODES:
            raise _TooMuchError(
                "it is nested too deeply" if len(open_nodes) > MAX_DEPTH else "it is too long"
            )
        node = Node(tag, attributes, parser.CurrentLineNumber)
        open_nodes[-1].children.append(node)
        open_nodes.append(node)

    def end(_tag: str) -> None:
        open_nodes.pop()

    def text(words: str) -> None:
        open_nodes[-1].text += words

    def entity(*_: object) -> None:
        raise _TooMuchError("it defines entities")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.EntityDeclHandler = entity
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        line = f"line {error.lineno}"
        tell(notes, "XML_WRONG", line, f"Line {error.lineno}: {expat.ErrorString(error.code)}.")
        return None
    except (_TooMuchError, LookupError, ValueError) as error:
        line = f"line {parser.CurrentLineNumber}"
        tell(notes, "XML_WRONG", line, f"Line {parser.CurrentLineNumber}: {error}.")
        return None
    return root.children[0]
