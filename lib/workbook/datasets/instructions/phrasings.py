"""The ways in which each family's instruction is worded: those of training, and those that only a held-out split uses.

The slots in braces are filled by the family's `Draft`: {about} "a fox", {doing} "baking bread", {number} "three".
"""

from __future__ import annotations

SEEN: dict[str, tuple[str, ...]] = {
    "story": (
        "Write a short story about {about}.", "Tell me a story about {about}.", "Write a story. It is about {about}.",
        "Tell a little story with {about} in it.", "Please write a short story about {about}.",
        "Make up a story about {about}.", "Can you tell me a story about {about}?",
        "Write a few sentences that tell a story about {about}.", "Think of a story about {about} and write it down.",
    ),
    "plan": (
        "Make a plan in {number} steps: {do}.", "Write a plan with {number} steps for {doing}.",
        "Explain in {number} steps how to {do}.", "How do you {do}? Answer in {number} steps.",
        "Give me {number} steps for {doing}.", "List the {number} steps of {doing}.",
        "I want to {do}. Write a plan with {number} steps.", "Write down in {number} steps how to {do}.",
        "Tell me how to {do} in {number} steps.",
    ),
    "summary": (
        "Sum up the text in one sentence.", "Summarise the story in one sentence.",
        "Write a summary of the text in one sentence.", "Say in one sentence what happens in the story.",
        "Make the story short. Use one sentence.", "What is the story about? Answer in one sentence.",
        "Please summarise this text in a single sentence.", "Tell the story again in only one sentence.",
        "Read the text and sum it up in one sentence.",
    ),
    "list": (
        "List {number} {category}.", "Name {number} {category}.", "Write a list of {number} {category}.",
        "Give me {number} {category}.", "Tell me {number} {category}.", "Please name {number} {category}.",
        "Can you list {number} {category}?", "Make a list with {number} {category}.",
        "I need {number} {category}. Write them down.",
    ),
    "polite": (
        "Say this more politely.", "Rewrite the sentence politely.", "Make this request polite.",
        "Turn this into a polite request.", "Write this in a polite way.", "How can I say this politely?",
        "This sounds rude. Make it polite.", "Please make this sentence more polite.",
        "Change the rude sentence into a polite one.",
    ),
    "extract": (
        "Find the {wanted} in the text.", "Which {wanted} does the text name?",
        "Write down the {wanted} from the text.",
        "What {wanted} is in the text?", "Read the text and give me the {wanted}.",
        "Copy only the {wanted} from the text.", "Look for the {wanted} in the text and write it down.",
        "Take the {wanted} out of the text.", "Tell me the {wanted} that is in the text.",
    ),
    "answer": (
        "{question}", "Answer the question: {question}", "Read the text and answer: {question}",
        "Look at the text. {question}", "{question} Use the text.", "Answer from the text. {question}",
        "Here is a text and a question. {question}", "What does the text say? {question}",
        "Please answer this question: {question}",
    ),
    "classify": (
        "Is this {options}?", "Choose the right word: {options}.", "What is this: {options}?",
        "Which group does it belong to: {options}?", "Sort this word: {options}.",
        "Say whether this is {options}.", "Which is it, {options}?", "Put the word into a group: {options}.",
        "Decide what this is: {options}.",
    ),
    "mood": (
        "Is the person happy, sad, angry or afraid?", "How does the person feel: happy, sad, angry or afraid?",
        "Choose the right feeling: happy, sad, angry or afraid.",
        "Name the feeling in the text: happy, sad, angry or afraid.",
        "Which feeling fits the text: happy, sad, angry or afraid?",
        "Read the text. Is it happy, sad, angry or afraid?",
        "Say how the person feels. Use one word: happy, sad, angry or afraid.",
        "What does the person feel, happy, sad, angry or afraid?",
        "Pick one feeling for the text: happy, sad, angry or afraid.",
    ),
    "continue": (
        "Continue the story.", "Write the end of the story.", "How does the story go on?", "What happens next?",
        "Finish the story.", "Here is the beginning of a story. Write the rest.", "Go on with the story.",
        "Please continue this story.", "Read the beginning and write what happens next.",
    ),
    "correct": (
        "Correct the sentence.", "Find the mistake and write the sentence correctly.",
        "There is one mistake in the sentence. Correct it.", "Write this sentence without the mistake.",
        "Correct the mistake.", "Please correct this sentence.", "Make this sentence right.",
        "Repair the wrong sentence.", "This sentence is wrong. Write it correctly.",
    ),
    "compare": (
        "Compare {first} and {second}.", "What is the difference between {first} and {second}?",
        "How is {first} different from {second}?", "Say how {first} and {second} differ.",
        "Write a comparison of {first} and {second}.", "Name a difference between {first} and {second}.",
        "Tell me the difference between {first} and {second}.", "Compare these two: {first} and {second}.",
        "In what way are {first} and {second} different?",
    ),
    "describe": (
        "Describe {thing}.", "What is {thing}?", "Explain what {thing} is.", "Tell me about {thing}.",
        "Write a description of {thing}.", "Say what {thing} is.", "What do you know about {thing}?",
        "Please describe {thing}.", "Write two or three sentences that describe {thing}.",
    ),
    "letter": (),
}  # fmt: skip

HELD_OUT: dict[str, tuple[str, ...]] = {
    "story": (
        "I would like to read a story about {about}.", "Invent a tale about {about}.",
        "What happened to {about}? Tell it as a story.", "A bedtime story about {about}, please.",
        "Write something that happened one day to {about}.",
    ),
    "plan": (
        "What are the {number} things to do, one after the other, for {doing}?",
        "Teach me {doing}. Use {number} steps.", "Somebody has never tried {doing}. Help with {number} short steps.",
        "Write instructions in {number} numbered lines: how to {do}.", "Split {doing} into {number} steps.",
    ),
    "summary": (
        "Put the whole story into one sentence.", "What happened? One sentence is enough.",
        "Give me the text in brief, as one sentence.", "Shorten this to a single sentence.",
        "If you had only one sentence for this text, what would it be?",
    ),
    "list": (
        "Which {category} do you know? Write {number}.", "Think of {number} {category}.",
        "Write {number} examples of {category}.", "{category}: name {number} of them.", "What are {number} {category}?",
    ),
    "polite": (
        "What would a polite person say instead?", "Ask for the same thing with good manners.",
        "Make these words kinder.", "Nobody likes to hear this. Ask nicely instead.", "Use kind words to ask for this.",
    ),
    "extract": (
        "There is one {wanted} in these lines. Which one?", "I only need the {wanted} from this.",
        "Pick out the {wanted}.", "Show me just the {wanted} of the text.", "Search the lines below for the {wanted}.",
    ),
    "answer": (
        "I have a question about these lines. {question}", "{question} You find the answer below.",
        "After reading the lines below, tell me: {question}", "Somebody asks: {question}",
        "Use what is written here. {question}",
    ),
    "classify": (
        "Would you call this {options}?", "Here is a word. Tell me if it means {options}.",
        "One of these is right: {options}.",
        "Name its kind ({options}).", "If you had to choose, is it {options}?",
    ),
    "mood": (
        "Happy, sad, angry or afraid: which one is it?", "Give the mood of these lines as happy, sad, angry or afraid.",
        "Imagine how this feels: happy, sad, angry or afraid?", "Guess the feeling. It is happy, sad, angry or afraid.",
        "Would you say that this person is happy, sad, angry or afraid?",
    ),
    "continue": (
        "And then? Tell the rest.", "Somebody tore off the end of this story. Write a new one.",
        "Add an ending to these lines.", "Tell me how this ends.", "The story stops too early. Write more of it.",
    ),
    "correct": (
        "Something is wrong here. Say it right.", "How should this sentence be written?",
        "A pupil wrote this with one mistake. Give the right sentence.", "Fix this.", "Put the error right.",
    ),
    "compare": (
        "{first} and {second}: what is not the same?", "Tell me something that makes {first} unlike {second}.",
        "How can I tell {first} from {second}?", "Put {first} and {second} side by side. What do you see?",
        "In which way is {first} not like {second}?",
    ),
    "describe": (
        "I have never heard of {thing}. What is it?", "Give me some facts about {thing}.",
        "How would you explain {thing} to a child?", "{thing}: what is that?", "What should one know about {thing}?",
    ),
    "letter": (
        "Write a letter to {recipient} about {about}.", "Write a short letter to {recipient}. Tell about {about}.",
        "Please write {recipient} a letter about {about}.", "Send {recipient} a letter about {about}.",
        "Write to {recipient} and tell the news about {about}.",
        "I want to tell {recipient} about {about}. Write the letter.",
        "Can you write a letter about {about} to {recipient}?", "Make a letter for {recipient}. It is about {about}.",
        "Help me to write to {recipient} about {about}.", "A letter about {about} for {recipient}, please.",
        "Write {recipient} a few friendly lines about {about}.", "Let {recipient} know about {about} in a letter.",
    ),
}  # fmt: skip
FAMILIES = tuple(SEEN)
