"""Documents: the texts that an argument comes from, with verified anchors into them."""

from goodoffices.documents.anchors import find_quote, find_sentence, sentence_at
from goodoffices.documents.sentences import sentences
from goodoffices.documents.text import DocumentError, Text, plain_text, read_document

__all__ = [
    "DocumentError",
    "Text",
    "find_quote",
    "find_sentence",
    "plain_text",
    "read_document",
    "sentence_at",
    "sentences",
]
