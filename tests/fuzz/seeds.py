"""What good inputs look like, for the mutator to spoil."""

import json

HEADLINES = [
    "Botola : le Raja bat le Wydad (2-1) et prend la tête du championnat",
    "Bourse de Casablanca : le MASI termine en hausse de 0,42 %",
    "Alerte météo : averses orageuses et rafales de vent lundi au Haouz",
    "Le roi reçoit l'ambassadeur d'Espagne au palais de Rabat",
    "« Nous sommes prêts - et confiants - pour la CAN », dit le sélectionneur",
    "Justice | Dix ans de prison pour l'ancien président de la commune",
    "أمطار رعدية مرتقبة يوم الاثنين بعدد من أقاليم المملكة",
    "المنتخب المغربي يفوز على نظيره المصري بهدفين لصفر",
    "El Gobierno aprueba los presupuestos : ¿qué cambia en 2026?",
    "Central bank holds its key rate at 2.25% — again",
    "Élections : l'œuvre inachevée d'un ﬁls du peuple n° ½",
    "5 choses à savoir sur www.example.org//stades",
]
_SEPARATORS = [" • ", " | ", "\t", "\n", "\u00a0" * 4, "   ", " +++ ", " - ", " — ", " · ", "\r\n• ", "\n2) "]

TEXTS = [headline.encode() for headline in HEADLINES]
TICKERS = [mark.join(HEADLINES[i : i + 4]).encode() for i, mark in enumerate(_SEPARATORS)] + [
    ("   ".join(HEADLINES[:4]) + "\n" + "Le projet sera mis en œuvre sur quatre ans. " * 8).encode(),
    ("Titre\nMerci de votre visite.\n" + "Le projet sera mis en œuvre sur quatre ans. " * 8).encode(),
]

_BODIES = [
    {"headlines": HEADLINES[:3]},
    {"headlines": HEADLINES[5:7], "explain": True, "topics": ["sport", "weather"]},
    {"headlines": HEADLINES[:1], "threshold": 0.9, "top_k": 2, "lang": "ar"},
    {"headlines": [HEADLINES[3], 5, None, "a\u0301" * 40], "partial": True},
    {"headlines": ["a"] * 17, "topics": ["economy", "politics", "other"], "lang": "fr-MA", "explain": False},
]
REQUESTS = [
    *(bytes(3) + json.dumps(body, ensure_ascii=False).encode() for body in _BODIES),
    *(bytes(3) + json.dumps(body).encode() for body in _BODIES),
    *(bytes([1, query, 0]) + ticker for query, ticker in enumerate(TICKERS[:8])),
]  # fmt: skip
"""Three bytes choose media type, query and declared length, see `targets.asked`; the body follows."""

FILES = [
    *("\0" + "\n".join(HEADLINES[i : i + 3]) for i in (0, 5)),
    *("\1" + ticker.decode() for ticker in TICKERS[:4]),
    '\2headline,label\n"Le Raja, puis le Wydad",sport\nAverses lundi,weather\n',
    '\2date,headline\r\n2026,"le ""MASI""\r\nen hausse"\r\n',
    *(
        "\3"
        + "".join(json.dumps({"headline": h, "n": i, "more": [None, {"a": 1e3}]}) + "\n" for i, h in enumerate(some))
        for some in (HEADLINES[:2], HEADLINES[6:8])
    ),
    "\4headline,label\nAverses lundi,weather\n",
    *("\4" + HEADLINES[i] + "\n" for i in (0, 5, 7)),
]
FILES = [file.encode() for file in FILES]
"""The first byte chooses how the rest is read, see `targets.formats`."""
