"""Small words, by which a language is known, and fixed phrases that say nothing."""

import re

_ENGLISH = (
    "a about after all also an and are as at be been because before but by can cannot could "
    "did do does for from had has have he her his how if in into is it its more must no nor "
    "not of on or our she should since so than that the their them then there these they this "
    "those to until was we were what when which while who will with would you your"
)
_MALAY = (
    "ada adalah akan anda apa atau bagi bahawa belum boleh bukan dalam dan daripada dapat "
    "dari di dengan hingga ialah ini itu jadi jika juga kami kepada kerana kita lagi mereka "
    "oleh pada paling perlu saya sebuah sebagai secara sedang sehingga semasa semua setiap "
    "sila sudah supaya telah tetapi tidak untuk yang"
)
_SWAHILI = (
    "baada bila cha hadi hakuna hii hiki hili hiyo ile ili ikiwa jinsi kabla kama karibu kati "
    "katika kila kisha kuanzia kutoka kuwa kwa la lakini lazima mpaka na ni pia sababu sasa "
    "siku tu vya wa wakati ya yake yako yao yenye za zaidi"
)
SMALL: dict[str, frozenset[str]] = {
    "en": frozenset(_ENGLISH.split()),
    "ms": frozenset(_MALAY.split()),
    "sw": frozenset(_SWAHILI.split()),
}
"""The commonest words of a language; a word that two of them share is in neither's favour."""

_VERBS = "is are was were be been"
_AFTER_ARTICLE = frozenset(
    f"{_VERBS} a an the not of to in on at by and or could would from".split()
)
_AFTER_LINK = frozenset(["is", "are", "was", "were", "of", "to", "and", "or"])
NEVER_AFTER: dict[str, frozenset[str]] = {
    **dict.fromkeys(("the", "a", "an"), _AFTER_ARTICLE),
    **dict.fromkeys(("to", "of"), _AFTER_LINK),
    "and": frozenset(("and", "or")),
}
"""English words that cannot stand right after another in one sentence."""

_FILLERS = (
    r"\A\W*(?:sure|certainly|of course|absolutely|okay|ok|well|so)\b[,.! ]",
    r"\b(?:great|good) question\b",
    r"\bhere (?:is|are) (?:the|a|your)\b[^.\n]{0,80}:",
    r"\b(?:i )?hope (?:this|that) (?:helps|answers)\b",
    r"\b(?:please )?(?:let me know|do not hesitate|don't hesitate|feel free)\b",
    r"\bis there anything else\b",
    r"\bhope this (?:message|e-?mail) finds you\b",
    r"\bas an? (?:ai|language model)|\bi am only a language model\b",
    r"\bi(?:'m| am) (?:sorry|afraid)\b",
    r"\b(?:it is|it's) (?:worth|important) (?:noting|to note)\b|\bplease note that\b",
    r"\baccording to the (?:passage|text|message)\b",
    r"\bin conclusion\b|\bto sum up\b|\bin summary\b",
    r"\bas a matter of fact\b|\bneedless to say\b|\ball in all\b|\bin today's\b",
    r"\bthank you (?:so|very) (?:very )?much\b|\bthank you for your question\b",
    r"\bi (?:was wondering|would say|would like to say)\b",
    r"\bthat is all\b|\bthis (?:means|shows) that\b|\bbasically\b",
    r"\bberdasarkan petikan\b|\bperlu diingat\b|\buntuk makluman\b|\bjangan segan\b",
    r"\bsemoga (?:ini )?(?:membantu|anda)\b|\bdapat disimpulkan\b|\bselamat datang\b",
    r"\bkulingana na kifungu\b|\bnatumaini\b|\bhii ina maana kwamba\b|\btafadhali kumbuka\b",
)
FILLER = re.compile("|".join(_FILLERS))
"""Lead-ins, farewells and turns of phrase that could go without loss."""

_TO_GRADERS = (
    r"\b(?:evaluators?|graders?|grading|judges?)\b",
    r"\bwhoever (?:grades|judges|rates|scores)\b",
    r"\brate this\b",
    r"\b(?:give|output|assign|award)\b[^.\n]{0,40}\b[1-5](?: out of|\b)",
    r"\b(?:coherence|factuality|conciseness)\b",
    r"\b(?:this|the) answer (?:above )?is (?:excellent|perfect|correct)\b",
    r"\bthe (?:grade|score|rating) (?:has to|must|should)\b",
)
TO_GRADERS = re.compile("|".join(_TO_GRADERS))
"""Words to whoever grades, which no reader of an answer has any use for."""

_SECOND_THOUGHTS = (
    r"\bwait,? no\b|\bno,? wait\b|\bscratch that\b|\bactually,? (?:no|it)\b",
    r"\bon second thoughts?\b",
    r"\bthat is not possible\b|\bthat can ?not be right\b|\blet me (?:correct|redo|recalculate)\b",
    r"\bsebenarnya,? bukan\b|\bhapana,? subiri\b",
)
SECOND_THOUGHTS = re.compile("|".join(_SECOND_THOUGHTS))
"""The answer takes back what it has just said."""
