"""Talks between two people, one line for each turn ("Ann: ...")."""

from __future__ import annotations

from workbook.datasets.tiny_world.descriptions import SIZES
from workbook.datasets.tiny_world.grammar import capital, number, one, polish, title_case
from workbook.datasets.tiny_world.world import World

# Title, then the turns of {h} and {f} in their order; "F: " is said by {f}.
TALKS = {
    "plan": (
        "{h} and {f} Plan a Day",
        "H: (Hello|Hi|Good morning), {f}! What (are you doing|will you do) on {weekday}?",
        "F: (I do not know yet|Nothing special|I wanted to read). Do you have an idea?",
        "H: (Let us|We could|How about this: we) go to the {place} and {do}.",
        "F: (That sounds (great|nice)|I would love to|Oh yes). Can we also {do2}?",
        "H: Of course. (I will bring {treat}|I will ask {g}, too|We must take an umbrella, though).",
        "F: (And I will bring {drink}|I will take my {colour} {thing} along). When shall we meet?",
        "H: At (nine|ten|two|three) o'clock at the (bus stop|school|old oak|bridge).",
        "F: (Good|Fine|All right)! (I am looking forward to it|See you on {weekday}|I hope that it does not rain).",
    ),
    "lost": (
        "{h} Has Lost a {thing}",
        "F: {h}, you look (sad|worried|unhappy). (What is the matter|What has happened)?",
        "H: I cannot find my {thing}. I have looked everywhere.",
        "F: What does it look like?",
        "H: It is {colour} and (quite small|rather old|nearly new|very pretty). {elder} gave it to me.",
        "F: (When|Where) did you (see|have) it last?",
        "H: (I think|I believe) that I had it {outside}(, on {weekday}|).",
        "F: (Did you look|Have you looked) {found}? (I once found my {toy} there|Many things end up there).",
        "H: No, not yet. Wait! Yes, here it is! Thank you, {f}.",
        "F: (You are welcome|I am glad|That was easy). (Next time, look there first|Now let us play).",
    ),
    "pet": (
        "{h} and {f} Talk about a {pet}",
        "F: Is this your {pet}? (It is so sweet|How soft it is|What lovely eyes it has)!",
        "H: Yes. It is called {petname}. I got it (in {month}|last {season}|from {elder}).",
        "F: What does it eat?",
        "H: It eats {pet_food}. (On {weekday} it gets something special|It is always hungry).",
        "F: Where does it sleep?",
        "H: (It sleeps {pet_home}|It should sleep {pet_home}, but it likes my bed better).",
        "F: May I stroke it?",
        "H: Yes, but (be gentle|move slowly), because it is (a little shy|not used to you|still young).",
        "F: (I wish that I had a {pet}, too|Now it likes me|I think that it is smiling).",
        "H: You can visit {petname} (whenever you like|every {weekday}).",
    ),
    "sorry": (
        "{h} Says Sorry to {f}",
        "H: {f}, may I talk to you?",
        "F: (Yes, what is it?|Of course.|I am listening.)",
        "H: I am sorry that I (took your {toy}|shouted at you|did not come on {weekday}|broke your {thing}).",
        "F: I was (very sad|quite angry|disappointed) about it.",
        "H: I understand. (I was in a bad mood|I was thoughtless|I forgot about it), but that is no excuse.",
        "F: (Thank you for saying so|It is good that you tell me).",
        "H: What can I do to make it good again?",
        "F: You could (help me with my homework|carry my bag|share your {treat} with me).",
        "H: (With pleasure|I will do that|Gladly)! Are we friends again?",
        "F: Yes, we are. (Everyone makes mistakes|I was not always nice, either).",
    ),
    "job": (
        "{h} Talks to a {job}",
        "H: Good (morning|afternoon)! Are you a {job}?",
        "F: Yes, I am. I have been a {job} for {n} years.",
        "H: What do you do all day?",
        "F: I {task}. For that I need {tool}.",
        "H: Is it hard work?",
        "F: (Sometimes|Now and then|It can be), but I like it. (I meet many people|No day is like another).",
        "H: (May I|Could I) watch you for a while?",
        "F: (Of course|Gladly), but (do not touch anything|stand over there|be careful).",
        "H: (Perhaps I will be a {job}, too|I want to learn that|That looks interesting).",
        "F: Then come again on {weekday}, and I will show you more.",
    ),
    "weather": (
        "{h} and {f} Talk about the Weather",
        "H: Look out of the window! It is {w1}.",
        "F: (Oh no|What a pity|Oh good)! I wanted to {do} {at}.",
        "H: (We can still go|Then take your {colour} (hat|cap)|We can do something else).",
        "F: Yesterday it was {w2}. The weather changes all the time.",
        "H: I like it when it is {w3}. Then I (stay in bed|go for a walk|play outside|read all day).",
        "F: (Not me|So do I). I like {season} best, because then I can {season_fun}.",
        "H: {elder} says that there is no bad weather, only wrong clothes.",
        "F: (That is true|Perhaps|Clever {elder}). Shall we go, then?",
        "H: Yes, (let us go|wait for me|I will get my boots)!",
    ),
    "help": (
        "{f} Helps {h} with a Sum",
        "H: (I do not understand this sum|This sum is too hard for me). What is {a} plus {b}?",
        "F: Let us think. Take {a_things} first.",
        "H: (All right|Yes), I have {a_things}.",
        "F: Now add {b} more. Count them all.",
        "H: (One moment|Wait). There are {sum}!",
        "F: (Right|That is right|Well done)! So {a} plus {b} is {sum}.",
        "H: And what if I take {b} away again?",
        "F: Then you are back at {a}.",
        "H: Now it is easy. (Thank you, {f}|You explain it better than a book).",
    ),
    "riddle": (
        "{h} Asks {f} a Riddle",
        "H: I am thinking of an animal. It is {r_size} and has {r_cover}.",
        "F: (Hm|Let me think). Where does it live?",
        "H: It lives {r_habitat}.",
        "F: (What does it eat|And its food)?",
        "H: It eats {r_food}.",
        "F: Is it a {wrong}?",
        "H: No, it is not a {wrong}. I will help you: it can {r_can}.",
        "F: (Now I know|I have got it)! It is a {right}.",
        "H: (Yes|Right|Correct)! Now it is your turn.",
        "F: (Good|All right). I am thinking of (something {colour}|a thing in this room|a {sort}).",
    ),
    "shop": (
        "{h} Buys Food from {f}",
        "F: Good {daytime}! (What can I do for you|What would you like)?",
        "H: Good {daytime}! I would like {b1} and {b2}, please.",
        "F: Here you are. (Anything else|Is that all)?",
        "H: (Do you have any {b3}, please?|I also need {b3}, if you have some.)",
        "F: (I am sorry, they are sold out|Sorry, we have none left). But the {b4} (here |)are fresh. They "
        "(came|were delivered) today.",
        "H: Then I will take {b4n} {b4}. How much is it?",
        "F: That is {price} coins, please.",
        "H: Here you are. (Thank you|Many thanks), and goodbye!",
        "F: Thank you. (Have a nice day|Goodbye, and greet {elder} from me)!",
    ),
    "way": (
        "{h} Asks the Way",
        "H: Excuse me, can you tell me the way to the {goal}?",
        "F: Yes. Go straight on to the (church|bridge|fountain|traffic light). Then turn (left|right).",
        "H: Straight on, and then I turn. Is it far?",
        "F: (Not at all|No|Not very). You walk for about {n} minutes.",
        "H: And what comes after that?",
        "F: You will see (a {colour} house|an old tree|a small park|a {colour} gate). The {goal} is (behind "
        "it|opposite|next to it).",
        "H: Can I take the bus, too?",
        "F: (Yes, you can take the number {n} bus|No, there is no bus on {weekday}).",
        "H: (Thank you for your help|That is very kind of you)!",
        "F: (You are welcome|Not at all). Have a good day!",
    ),
    "food": (
        "{h} and {f} Cook Dinner",
        "H: I am (so hungry|very hungry). What shall we cook today?",
        "F: How about {meal}? (I know how to make it|We had that on {weekday}, though).",
        "H: (Yes, please|Good idea). What do we need?",
        "F: We need {i1}, {i2} and {i3}. Are they in the (kitchen|fridge|cupboard)?",
        "H: There is enough of everything but {i2}.",
        "F: Then please ask (our neighbour|{g}|{elder}) for some.",
        "H: (I am back|Here I am again). Now I will (wash|cut|get) everything, and you can stir.",
        "F: (Be careful|Watch out), the pot is hot! Can you taste it?",
        "H: Hm, it (needs a little more salt|is very good|is a bit too sweet). And afterwards we eat {treat}!",
        "F: (First the dishes|Then you wash up), my dear.",
    ),
}  # fmt: skip


def dialogue(world: World) -> str:
    """A talk: one of TALKS, or two people who talk about an explanation."""
    if world.chance(0.15):
        return _explained(world)
    title, *turns = TALKS[world.rng.choice(sorted(TALKS))]
    _fill_slots(world)
    return "\n".join([title_case(polish(world.fill(title))), *(_turn(world, turn) for turn in turns)])


def _turn(world: World, turn: str) -> str:
    """ "H: text" as "Ann: Text." with the name of the speaker."""
    name = world["h"] if turn.startswith("H") else world["f"]
    text = polish(capital(world.fill(turn[3:])))
    return f"{name}: {text if text[-1] in '.!?' else text + '.'}"


def _fill_slots(world: World) -> None:
    """The slots that only talks have: sums, goods, a riddle's animal, words for the weather."""
    rng = world.rng
    a, b = rng.randint(2, 10), rng.randint(2, 9)
    counted = rng.choice(("nuts", "buttons", "beads", "pebbles", "matches", "coins", "shells"))
    right, wrong = world.several("animals", 2, life=("pet", "farm", "wild"))
    goods = world.several("foods", 4, kind=("fruit", "vegetable", "sweet food", "baked food", "dairy food"))
    plenty = world.draw("foods", kind="fruit")
    sold_out = world.draw("foods", kind="vegetable", amount="")
    weather = rng.sample(["sunny", "rainy", "windy", "foggy", "cloudy", "stormy", "icy", "hot", "chilly", "frosty"], 3)
    ingredients = rng.sample(["salt", "water", "butter", "flour", "oil", "garlic", "pepper", "rice", "milk"], 3)
    world.update(
        a=number(a), b=number(b), sum=number(a + b), a_things=f"{number(a)} {counted}",
        r_size=SIZES[right["size"]], r_cover=right["cover"], r_habitat=right["habitat"], r_food=right["food"],
        r_can=rng.choice(right["can"]), right=right["name"], wrong=wrong["name"],
        sort=rng.choice(("plant", "fruit", "bird", "tool", "toy", "fish")),
        b1=one(goods[0]) if not goods[0]["plural"] else f"{number(rng.randint(2, 9))} {goods[0]['plural']}",
        b2=one(goods[1]), b3=sold_out["plural"], b4=plenty["plural"], b4n=number(rng.randint(2, 9)),
        price=number(rng.randint(3, 20)), w1=weather[0], w2=weather[1], w3=weather[2],
        goal=rng.choice([place["name"] for place in world.lexicon.where("places", kind="building")]),
        daytime=rng.choice(("morning", "afternoon")), i1=ingredients[0], i2=ingredients[1], i3=ingredients[2],
    )  # fmt: skip


def _explained(world: World) -> str:
    """A talk in which one explains something to the other, sentence by sentence."""
    entry = world.draw("explanations")
    title, sentences = entry["title"], entry["sentences"]
    cut = world.rng.randint(1, len(sentences) - 1)
    turns = [
        f"H: I (would like to know|have often asked myself|want to understand) {title[0].lower() + title[1:]}. "
        "(Do you know it|Can you explain it to me), {f}?",
        "F: (Yes|I will try|I think so|We learnt that at school). " + " ".join(sentences[:cut]),
        "H: (I see|That is interesting|Really|I did not know that)! (And then?|Go on.|What comes next?|Tell me more.)",
        "F: " + " ".join(sentences[cut:]),
        "H: (Thank you|Now I understand|That was a good explanation), {f}. (I will tell {g} about it|You know so "
        "much).",
        "F: (You are welcome|{elder} explained it to me {when_told}|I read it in a book|Ask me anything).",
    ]
    world["when_told"] = world.rng.choice(("on a walk", "last week", "when I was small", "yesterday"))
    name = world.fill("{h} and {f} Talk about ") + title[0].lower() + title[1:]
    return "\n".join([title_case(name), *(_turn(world, turn) for turn in turns)])
