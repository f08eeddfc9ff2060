"""The formats of event data, one entry each: how a file is recognised, and how its columns become an `Event`.

Expressions are DuckDB's SQL over the file's columns, all read as text. The column names are those of the data sets'
documentation. The mapping of CAMEO's roots onto PLOVER's types follows PLOVER's own account of what it merged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

FIELDS = ("id", "date", "actor", "target", "type", "lever", "code", "description", "confidence")
"""Fields of an event that are one text; `sources` is a list."""

PLOVER: Mapping[str, str] = {
    "02": "REQUEST",
    "03": "AGREE",
    "04": "CONSULT",
    "05": "SUPPORT",
    "06": "COOPERATE",
    "07": "AID",
    "08": "CONCEDE",
    "09": "ACCUSE",
    "10": "REQUEST",
    "11": "ACCUSE",
    "12": "REJECT",
    "13": "THREATEN",
    "14": "PROTEST",
    "15": "MOBILIZE",
    "16": "SANCTION",
    "17": "COERCE",
    "18": "ASSAULT",
    "19": "ASSAULT",
    "20": "ASSAULT",
}
"""First two digits of a CAMEO code -> PLOVER's type. Public statements (01) have no counterpart."""
RETREAT = "087"
"""CAMEO codes that begin so (de-escalate militarily) are PLOVER's RETREAT and not CONCEDE."""


@dataclass(frozen=True)
class Format:
    """One kind of file."""

    name: str
    title: str
    needs: tuple[str, ...]
    """Columns that a file must have; they also tell it from other formats."""
    fields: Mapping[str, str]
    """Field of an event -> expression; a field that is not named is empty."""
    sources: str = "[]"
    """Expression for the list of sources."""
    optional: tuple[str, ...] = ()
    """Columns that expressions mention and that a file may lack; they are then empty."""
    dates: tuple[str, ...] = ("%Y-%m-%d",)
    """Ways in which the date may be written, tried in order."""
    columns: tuple[str, ...] = field(default=(), repr=False)
    """Names of the columns of a file without a first line of names."""
    delimiter: str = ","
    confidence: str = ""
    """How `confidence` is made, as a sentence for the reference."""


def _cameo(code: str) -> str:
    """PLOVER's type of a CAMEO code, as an expression."""
    cases = " ".join(f"when '{root}' then '{name}'" for root, name in PLOVER.items())
    return (
        f"case when {code} like '{RETREAT}%' then 'RETREAT' else case left({code}, 2) {cases} else '' end end"
    )


def _either(one: str, other: str) -> str:
    return f"coalesce(nullif({one}, ''), {other})"


_GEO = ("Type", "Fullname", "CountryCode", "ADM1Code", "ADM2Code", "Lat", "Long", "FeatureID")
_ACTOR = (
    "Code", "Name", "CountryCode", "KnownGroupCode", "EthnicCode", "Religion1Code", "Religion2Code", "Type1Code",
    "Type2Code", "Type3Code",
)  # fmt: skip
GDELT_COLUMNS = (
    *("GlobalEventID", "Day", "MonthYear", "Year", "FractionDate"),
    *(f"Actor{n}{part}" for n in (1, 2) for part in _ACTOR),
    *("IsRootEvent", "EventCode", "EventBaseCode", "EventRootCode", "QuadClass", "GoldsteinScale"),
    *("NumMentions", "NumSources", "NumArticles", "AvgTone"),
    *(f"{who}Geo_{part}" for who in ("Actor1", "Actor2", "Action") for part in _GEO),
    *("DATEADDED", "SOURCEURL"),
)
"""The 61 columns of an export of GDELT 2.0's events, which has no first line of names."""

FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        Format(
            "goodoffices",
            "The format of the records that ship with the program",
            needs=("id", "date", "actor"),
            fields={
                **{name: name for name in ("id", "date", "actor", "target", "lever", "code", "description")},
                "type": "event_type",
                "confidence": "confidence",
            },
            sources="[source_url, second_source_url]",
            optional=(
                "target", "event_type", "lever", "code", "description", "confidence", "source_url", "second_source_url",
            ),
            confidence="as the column says",
        ),
        Format(
            "acled",
            "ACLED, export of events",
            needs=("event_id_cnty", "event_date", "event_type", "actor1"),
            fields={
                "id": "event_id_cnty",
                "date": "event_date",
                "actor": "actor1",
                "target": "actor2",
                "type": "case when event_type in ('Battles', 'Explosions/Remote violence', 'Violence against civilians') "
                "then 'ASSAULT' when event_type in ('Protests', 'Riots') then 'PROTEST' "
                "when sub_event_type = 'Agreement' then 'AGREE' "
                "when sub_event_type = 'Non-violent transfer of territory' then 'RETREAT' "
                "when sub_event_type = 'Arrests' then 'COERCE' "
                "when sub_event_type = 'Headquarters or base established' then 'MOBILIZE' else '' end",
                "code": "event_type || ' / ' || sub_event_type",
                "description": "notes",
                "confidence": "case time_precision when '1' then 'high' when '2' then 'medium' when '3' then 'low' "
                "else '' end",
            },
            sources="string_split(source, '; ')",
            optional=("actor2", "sub_event_type", "notes", "time_precision", "source"),
            dates=("%Y-%m-%d", "%d %B %Y", "%d-%b-%Y"),
            confidence="high, medium and low for a date precise to the day, the week and the month",
        ),
        Format(
            "gdelt",
            "GDELT 2.0, export of events",
            needs=("GlobalEventID", "Day", "EventCode", "Actor1Code"),
            fields={
                "id": "GlobalEventID",
                "date": "Day",
                "actor": _either("Actor1CountryCode", "Actor1Code"),
                "target": _either("Actor2CountryCode", "Actor2Code"),
                "type": _cameo("EventCode"),
                "code": "EventCode",
                "description": "Actor1Name || ' -> ' || Actor2Name",
                "confidence": "case when try_cast(NumSources as integer) >= 3 then 'high' "
                "when try_cast(NumSources as integer) = 2 then 'medium' "
                "when try_cast(NumSources as integer) = 1 then 'low' else '' end",
            },
            sources="[SOURCEURL]",
            optional=(
                "Actor1CountryCode", "Actor2CountryCode", "Actor2Code", "Actor1Name", "Actor2Name", "NumSources",
                "SOURCEURL",
            ),
            dates=("%Y%m%d",),
            columns=GDELT_COLUMNS,
            delimiter="\t",
            confidence="high, medium and low for three sources or more, two and one",
        ),
        Format(
            "icews",
            "ICEWS, coded events",
            needs=("Event ID", "Event Date", "CAMEO Code", "Source Name"),
            fields={
                # Its numbers are used again on other days.
                "id": '"Event ID" || \'@\' || "Event Date"',
                "date": '"Event Date"',
                "actor": _either('"Source Country"', '"Source Name"'),
                "target": _either('"Target Country"', '"Target Name"'),
                "type": _cameo('"CAMEO Code"'),
                "code": '"CAMEO Code"',
                "description": '"Source Name" || \': \' || "Event Text" || \' -> \' || "Target Name"',
            },
            sources='["Publisher"]',
            optional=("Source Country", "Target Country", "Target Name", "Event Text", "Publisher"),
            delimiter="\t",
            confidence="none is given",
        ),
        Format(
            "polecat",
            "POLECAT, weekly files",
            needs=("Event ID", "Event Date", "Event Type", "Actor Name"),
            fields={
                "id": '"Event ID"',
                "date": '"Event Date"',
                "actor": _either('"Actor Country"', '"Actor Name"'),
                "target": _either('"Recipient Country"', '"Recipient Name"'),
                "type": 'upper("Event Type")',
                "code": '"Event Mode"',
                "description": '"Actor Name" || \' -> \' || "Recipient Name"',
            },
            sources='["Source"]',
            optional=("Actor Country", "Recipient Country", "Recipient Name", "Event Mode", "Source"),
            delimiter="\t",
            confidence="none is given",
        ),
        Format(
            "ucdp",
            "UCDP Georeferenced Event Dataset",
            needs=("id", "type_of_violence", "side_a", "side_b", "date_start"),
            fields={
                "id": "id",
                "date": "left(date_start, 10)",
                "actor": "side_a",
                "target": "side_b",
                "type": "'ASSAULT'",
                "code": "type_of_violence",
                "description": "conflict_name || ', ' || best || ' deaths (best estimate)'",
                "confidence": "case date_prec when '1' then 'high' when '2' then 'medium' when '' then '' else 'low' end",
            },
            sources="[source_article]",
            optional=("conflict_name", "best", "date_prec", "source_article"),
            dates=("%Y-%m-%d", "%m/%d/%Y"),
            confidence="high for an exact day, medium for two to six days, low for longer",
        ),
    )
}  # fmt: skip
