"""Plots around the lexicon's problems and activities. The format is that of plots_home."""

PLOTS = """
{problem_title}
{when}, {h} {problem}.
? {hero_is}
{oh_no} {cried_h}. {sad}
First {he} {attempt}. That did not help.
| At first {he} {attempt}, and nothing got better.
{think}
Then {he} {solution}.
| Then {he} had a good idea: {he} {solution}.
{happy}
? {f} had watched it all. "(Well done|That was clever)!" {fhe} said.
{lesson}
| {elder} heard about it in the evening. "{lesson_said}" {ehe} said.
{rest}

{problem_title}
{h} was a {kind} {child} who liked {hobby}. {when}, {he} {problem}.
| (In the {season}|In {month}|During the holidays), {h} {problem}. {hero_is}
"What is the matter?" asked {f}, {his} {friend}. {h} told {fhim} what had happened.
| {f} saw at once that something was wrong. "Can I help you?" {fhe} asked.
"I have tried to help myself," {said_h}. It was true: {he} {attempt}, but that was no use.
| {h} {attempt}, but {f} shook {fhis} head. "There must be a better way," {fhe} said.
They thought about it together. "Do not worry," {said_f}. "(We will find a way|There is always a way)."
With the help of {f}, {h} calmed down. {then}, {he} {solution}.
{thanks}
{lesson}
| "{lesson_said}" said {f}, and {h} agreed.
? {together}

{problem_title}
{h} {problem}. {it_was}
{sad} "Such things happen," said {elder}.
| It made {him} (sad|angry|nervous), and {he} did not know what to do.
{h} {attempt}. (Of course,|Sadly,|But) that did not change anything.
"Stop and think," {said_e}. "What would a clever {child} do?"
| "(Take a deep breath|Sit down for a minute)," {elder} told {him}. "Then try again."
{h} did so. {then}, {he} {solution}.
"(I knew that you could do it|That is how to do it)," said {elder}.
{happy}
{lesson}
? {rest}
"""

ACTIVITIES = """
The Day {h} {acted}
{when}, {h} wanted to {act}. {he} had (never done it before|seen it many times|read about it in a book).
| {h} was alone at home and had nothing to do. So {he} decided to {act}.
"What do you need?" asked {elder}. {h} needed {needs}.
| {he} found everything that {he} needed: {needs}.
{steps}
? Once {he} stopped to rest, because it was hard work.
In the end {he} had {result}. {happy}
| The work was done. {h} had {result} and was proud.
"Well done!" {said_e}. "(May I try it, too?|Will you show me how to do it?|You can be proud of yourself.)"
| {f} came by and was amazed. "Did you do that all by yourself?" {fhe} asked.
{rest}

{h} and {f} {acted}
{h} and {f} were (good friends|neighbours|in the same class). {when}, they decided to {act}.
| {f} had never tried to {act}. "I can show you," {said_h}.
{h} (showed {f} how to do it|went first), and {f} (watched|helped). They needed {needs}.
{steps}
? {f} laughed a lot, and {h} laughed, too.
"That was (easier|harder) than I thought," {said_f}.
Now they had {result}. They were both (proud|happy|pleased).
| "Look!" {said_f}. They had {result}.
{snack}
{together}
"""
