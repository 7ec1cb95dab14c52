"""Files of objectives: `slo_files: [slos/*.yaml]`, in the short form or in OpenSLO; several YAML documents or one."""

from __future__ import annotations

import os
from dataclasses import dataclass

from sidecar.config.files import MAX_MATCHES, WILDCARDS, expand, matches, pattern_in, watched
from sidecar.config.openslo import OpenSlo, is_openslo
from sidecar.config.written import OBJECTIVES, Entry
from sidecar.model.problem import Note, Problem
from sidecar.text.document import Document, read_documents
from sidecar.text.suggest import nearest

FIELD = "slo_files"
_FORMS = "Write slos: and a list of objectives, or OpenSLO (apiVersion: openslo/v1)."


@dataclass(frozen=True, slots=True)
class SloFiles:
    """What the files hold together."""

    entries: tuple[Entry, ...] = ()
    documents: tuple[Document, ...] = ()  # the first of each file: its text is the file's
    patterns: tuple[str, ...] = ()  # for whoever watches them
    problems: tuple[Problem, ...] = ()
    notes: tuple[Note, ...] = ()


def read_slo_files(names: object, document: Document) -> SloFiles:
    """Read the files that a configuration names; what is no list of names is another's complaint."""
    patterns: list[str] = []
    problems: list[Problem] = []
    notes: list[Note] = []
    folder = os.path.dirname(os.path.abspath(document.file))
    for at, name in enumerate(names if isinstance(names, list) else []):
        if not isinstance(name, str) or not name:
            continue
        where = (FIELD, at)
        pattern = pattern_in(folder, name)
        found = matches(pattern) if WILDCARDS & set(name) else None
        if WILDCARDS & set(os.path.dirname(name)):
            hint = "Wildcards are for names of files: name each folder, e.g. slos/*.yaml."
            problems.append(document.problem(where, f"{name!r} has a wildcard in a folder", hint))
            continue
        if found is not None and len(found) > MAX_MATCHES:
            what = f"{name!r} stands for {len(found)} files"
            hint = f"The first {MAX_MATCHES} are read: put several objectives into one file."
            problems.append(document.problem(where, what, hint))
        if found == []:
            text = f"{name!r} matches no file now; one that comes is read"
            notes.append(Note(document.file, document.line(where), f"{FIELD}[{at}]", text))
        patterns.append(pattern)
    reading = _Reading(problems)
    own = watched(document.file)
    files = [file for file in expand(patterns) if watched(file) != own]
    documents = [reading.file(file) for file in files]
    entries = (*reading.entries, *reading.openslo.entries())
    told = tuple(dict.fromkeys((*problems, *reading.openslo.problems)))
    return SloFiles(entries, tuple(documents), tuple(patterns), told, tuple(notes))


class _Reading:
    """Goes through files and collects what it finds."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        self.entries: list[Entry] = []
        self.openslo = OpenSlo()

    def file(self, file: str) -> Document:
        """Read one file; return its first document."""
        if os.path.exists(file) and not os.path.isfile(file):
            what = "cannot be read: it is no regular file"
            problem = Problem(file, 0, "", what, "Name a file, or all in a folder: slos/*.yaml.")
            documents: tuple[Document, ...] = (Document(file, problems=(problem,)),)
        else:
            documents = read_documents(file)
        for document in documents:
            self.problems += document.problems
            self.openslo.incomplete |= bool(document.problems)
            if document.value is not None:
                self._document(document)
        return documents[0]

    def _document(self, document: Document) -> None:
        value = document.value
        if isinstance(value, list):
            self._list(document, value, ())
        elif is_openslo(value):
            self.openslo.add(document)
        elif isinstance(value, dict) and (OBJECTIVES in value or _near_to_slos(value)):
            for key in value:
                if key != OBJECTIVES:
                    self.problems.append(_unknown(document, key))
            if OBJECTIVES in value:
                self._slos(document, value[OBJECTIVES])
        else:
            self.problems.append(document.problem((), "holds no objectives", _FORMS))

    def _slos(self, document: Document, slos: object) -> None:
        if isinstance(slos, list):
            self._list(document, slos, (OBJECTIVES,))
        else:
            hint = "Write slos: [{name: ..., objective: 99.9%, good: {available: true}}]."
            self.problems.append(document.problem((OBJECTIVES,), "is no list", hint))

    def _list(self, document: Document, items: list[object], around: tuple[str, ...]) -> None:
        self.entries += [
            Entry(item, {(): (document, (*around, at))}) for at, item in enumerate(items)
        ]


def _near_to_slos(value: dict[str, object]) -> bool:
    """Say whether one of the keys was probably meant to be `slos`."""
    return any(nearest(key, {OBJECTIVES: 0}) for key in value)


def _unknown(document: Document, key: str) -> Problem:
    near = nearest(key, {OBJECTIVES: 0})
    hint = f"Did you mean {near!r}?" if near else "A file of objectives holds slos: alone."
    return document.problem((key,), "is an unknown key", hint)
