"""What a model is tried on while it is exported: questions, and a bit of everything."""

from pathlib import Path

QUESTIONS = (
    "Write one sentence about the sea.",
    "Name the days of the week in order.",
    "Count from one to twenty.",
    "What is the capital of France?",
)
SAMPLE = """\
The committee met on 14 March 2019 in Geneva. It had two questions to decide: who should pay for the
bridge, and when the work could begin. "We cannot wait any longer," said the mayor, "but we have
only 3.5 million, and the cheapest offer is 4.2 million." A reporter asked why nobody had foreseen
this; the answer was that the price of steel had risen by 40 % within a year.

# Recipe
1. Wash the rice (200 g) until the water is clear.
2. Bring 400 ml of water to the boil; add salt.
3. Cover, and leave for 12 minutes on low heat.

def area(width: float, height: float) -> float:
    if width < 0 or height < 0:
        raise ValueError("sizes must not be negative")
    return width * height

{"name": "Anna", "age": 31, "languages": ["de", "en"], "active": true}
La maison est au bord de la mer, et les enfants jouent dans le jardin. Das Wetter ist heute schön.
El tren sale a las ocho. 今天天气很好。我们去公园。 Photosynthesis turns light, water and carbon
dioxide into sugar and oxygen. Question: Who wrote "Hamlet"? Answer: William Shakespeare.
"""
MOST_TOKENS, ANSWER_TOKENS = 512, 16


class Texts:
    """The same in a model's own tokens."""

    def __init__(self, folder: Path, context_tokens: int) -> None:
        from tokenizers import Tokenizer

        from sprat.models.template import read_template
        from sprat.types import Message

        template = read_template(folder)
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        chats = [template.render([Message(role="user", content=text)]) for text in QUESTIONS]

        def encode(text: str) -> list[int]:
            return tokenizer.encode(text, add_special_tokens=False).ids

        most = min(MOST_TOKENS, max(1, context_tokens - ANSWER_TOKENS))
        self.prompts = [encode(chat)[:most] for chat in chats]
        """The questions in the model's chat template."""
        self.sample = encode(chats[0] + SAMPLE)[:most]
        """What channels are measured on."""
