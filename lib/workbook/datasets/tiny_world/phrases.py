"""Phrases that many stories share, by name. A template asks for a new one each time: "{when}"."""

from __future__ import annotations

POOLS: dict[str, tuple[str, ...]] = {
    "when": (
        "One (day|morning|afternoon)",
        "One (bright|sunny|quiet|lovely|fresh) (morning|afternoon)",
        "On a (bright|quiet|calm) {season} day",
        "Last {weekday}",
        "On {weekday}",
        "One {weekday} (morning|afternoon)",
        "Early one (morning|{season} morning)",
        "One {season} (day|morning|afternoon)",
        "In {month}",
        "After (lunch|breakfast)",
    ),
    "it_was": (
        "It was a {season} day.",
        "It was early in the morning.",
        "It was late in the afternoon.",
        "That was on {weekday}.",
    ),
    "then": ("Then", "After that", "Soon", "A little later", "Next", "After a while", "A moment later"),
    "suddenly": ("Suddenly", "All at once", "At that moment", "Just then", "All of a sudden"),
    "at_last": ("At last", "In the end", "Finally", "After a long time", "After many tries"),
    "old_adj": ("(old|new|little|lovely|pretty|shiny|favourite|beautiful|plain|special|precious|fine)",),
    "hero_is": (
        "{h} was a {kind} {child} who (liked|loved|enjoyed) {hobby}.",
        "{h} (lived|had always lived) in a (little|small|quiet|big|busy) (village|town|city) with {his} family.",
        "{he} was (seven|eight|nine|ten) years old and very {kind}.",
        "{h} was known as a {kind} {child}.",
        "{his} favourite (colour was {colour}|hobby was {hobby}|season was {season}|day was {weekday}).",
        "Everybody (liked|knew) {h}, because {he} was so {kind}.",
        "{he} wore (a {colour} (scarf|hat|cap|jacket|sweater)|{colour} (boots|socks|mittens)) that day.",
    ),
    "day_is": (
        "The sky was (clear|blue|grey|cloudy|bright), and (the birds were singing|the air was fresh|"
        "a soft wind was blowing|people were out in the streets).",
        "The (sun|morning sun) (was bright|shone through the leaves|shone brightly|peeked through the clouds).",
        "It was (a little|quite|rather) (windy|misty|cloudy), but (that did not matter|nobody minded).",
        "It smelled of (wet grass|fresh bread|flowers|hay|rain).",
        "Small clouds (drifted|floated|sailed) across the sky.",
        "A (blackbird|robin|sparrow|dove) (called|sang) from a (roof|branch|hedge).",
    ),
    "happy": (
        "{h} (smiled|laughed|grinned|beamed).",
        "{h} was (happy|glad|very happy|delighted|overjoyed|so pleased).",
        "{h} felt (warm inside|as light as a feather|proud|wonderful|as happy as a lark).",
        "{h} (jumped|hopped|danced) (for joy|with delight|around).",
        "{h} beamed, and {his} (eyes sparkled|face glowed|heart beat faster).",
        "{h} could not stop smiling.",
    ),
    "sad": (
        "{h} was (sad|upset|unhappy|worried|disappointed|miserable).",
        "{h} felt (sad|terrible|lonely|awful|helpless).",
        "{h} (sighed|wept a little|began to cry|swallowed hard|hung {his} head).",
        "{h} felt tears on {his} (cheeks|face).",
        "{h} had a heavy heart.",
        "{h} had a lump in {his} throat.",
    ),
    "think": (
        "{h} (sat down and thought|thought hard|scratched {his} head|thought about it for a while|closed {his} eyes "
        "and thought).",
        "{h} (looked around|took a deep breath|stood still for a moment|counted to ten|bit {his} lip).",
        '"(What shall I do now|What can I do|How can I (fix|solve) this)?" {h} (wondered|asked {him}self|thought).',
    ),
    "think_short": (
        "{h} thought (about it|for a moment).",
        "{h} was (silent|quiet) for a moment.",
        "{h} had to think.",
    ),
    "bird_food": ("(seeds|berries|crumbs|worms and seeds|small insects)",),
    "days_weeks": ("{days} (days|weeks)",),
    "outsee_there": (
        "They could see {outsee} from there.",
        "There was {outsee} not far away.",
        "It was (quiet|lovely) there.",
    ),
    "oh_no": ('"Oh no!"', '"Oh dear!"', '"What a pity!"', '"This cannot be true!"', '"What bad luck!"'),
    "great": (
        '"That is (great|wonderful|perfect|a good idea|a clever idea)!"',
        '"Yes, let us (do that|try it)!"',
        '"I (like|love) that idea!"',
        '"(Why not|Of course)!"',
        '"Good thinking!"',
    ),
    "said_f": ("{f} said", "said {f}"),
    "answered_f": ("{f} (answered|replied|agreed)", "(answered|replied) {f}"),
    "said_h": ("{h} said", "said {h}"),
    "answered_h": ("{h} (answered|replied|agreed)", "(answered|replied) {h}"),
    "cried_h": ("{h} (cried|sighed|whispered|groaned)", "(cried|sighed|said) {h}"),
    "said_e": ("{elder} said", "said {elder}"),
    "thanks": (
        '"Thank you (so much|very much|with all my heart)!" {said_h}.',
        '"Thank you! (You are so kind|You are a true friend|I will never forget this|That helped a lot)," {said_h}.',
        "{h} thanked {f} (warmly|with a hug|three times|and gave {fhim} (a hug|half of {his} {treat})).",
    ),
    "together": (
        "(Together|Side by side|Hand in hand), {h} and {f} (walked home|went home|skipped home).",
        "{h} and {f} (laughed|giggled|talked) (all the way home|until the evening|for a long time).",
        "{h} and {f} were (best friends|good friends|a good team) from that day on.",
    ),
    "rest": (
        "That evening {h} (told {elder} all about it|slept very well|wrote about it in {his} diary|"
        "drew a picture of it|fell asleep with a smile).",
        "In the evening {h} (sat by the window and thought of the day|told the whole family what had happened|"
        "was tired but (happy|content|proud)).",
        "{h} (never forgot|often thought of|still remembers) that (day|{season} day).",
        "What a (day|lovely day|strange day|wonderful day) it had been!",
        "{elder} was (proud of|pleased with|happy for) {h}.",
        "In the evening {elder} made (tea|cocoa|a pot of soup|pancakes|a fruit salad) for {h}.",
        "",
    ),
    "end_words": (
        "(|{h} wrote all of it into a {colour} notebook.|{f} (knew it all|learnt a lot).|{elder} listened and "
        "(nodded|smiled).|"
        "That was enough for one day.|{h} likes such games with words.|Words can be fun.)",
    ),
    "snack": (
        "They shared some {treat} and (drank|had) some {drink}.",
        "{elder} gave them {treat} and a glass of (milk|water|juice|lemonade).",
        "Afterwards (everyone|everybody|each of them) got some {treat}.",
    ),
}
