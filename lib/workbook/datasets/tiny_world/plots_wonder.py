"""Story plots with a little magic, adventure and practice. The format is that of plots_home."""

PLOTS = """
{h} and the Toy That Could Talk
{h} had an old {toy}. At night, when the moon was full, the {toy} could talk.
| Nobody knew it, but the {colour} {toy} of {h} could talk.
"Good evening, {h}," the {toy} said (one night|with a small voice). {h} (rubbed {his} eyes|could not believe it).
"You can talk!" {h} whispered. "Only when somebody listens," said the {toy}.
The {toy} told {h} about (the other toys|old times|the long nights in the box|a journey over the sea).
? {h} listened until the clock struck ten.
"Is there something that you wish for?" asked {h}. "I have always wanted to see {outsee}," said the {toy}.
The next day {h} put the {toy} into {his} bag and took it along. They spent the day {outside}.
{f} asked, "Why do you carry that old thing around?" {h} only smiled.
That night the {toy} said, "(It was the best day of my life|I will never forget this day). Thank you."
{h} kept the secret for a long, long time.
| Since then {h} listens carefully when it is quiet at night.

The Three Wishes of {h}
{h} caught a golden fish in the (lake|river). "Let me go, and you will have three wishes," said the fish.
| {when}, {h} helped an old woman to carry her bag. "You have three wishes," she said and was gone.
{h} could not believe it. {think_short}
"I wish for {treat}!" {he} cried. At once there was a mountain of {treat} in front of {him}.
{he} ate and ate, until {his} belly hurt.
"I wish for a {colour} {gift} for {f}," {he} said next. There it was, and {f} was delighted.
| "I wish that {petname}, my {pet}, could talk!" {he} said. But {petname} talked all night, and nobody could sleep.
Now there was only one wish left. {f} said, "Ask for (gold|a castle|a crown)!"
{h} thought about it all day. In the evening {he} knew.
"I wish that (everybody in my family stays healthy|no child in the village is hungry|my {friend} and I stay friends)."
| "I give my last wish to {elder}," {he} said. And {elder} wished that all was as it had been before.
A warm wind blew, and somewhere a bell rang.
{h} never saw any magic again, but {he} did not miss it.

{h} Plays the {instrument}
{h} wanted to play the {instrument}. At the first lesson it only squeaked and rattled.
| For {his} birthday {h} got a {instrument}. {he} tried to play it, but it sounded (terrible|like a sick \
cat|like a rusty gate).
{f} held {fhis} ears. "That sounds awful!" {fhe} said and laughed.
{h} was hurt and put the {instrument} under the bed.
"Every master began with wrong notes," said {elder}. "Play for ten minutes every day."
So {h} practised, in the morning or in the evening. At first it was hard.
| {think} The next day {he} took it out again.
After {days} weeks {h} could play a short song. {happy}
In {month} there was a concert at school. {h} was so nervous that {his} fingers trembled.
{he} took a deep breath and began. The hall was quiet.
When {h} had finished, everybody clapped, and {f} clapped loudest of all.
"Will you teach me?" asked {f}. "Of course," {said_h}. "But you must practise!"
| Practice is slow, but it takes us far.

The Lights Go Out
{when}, {h} and {f} were alone in the house when a storm came and the lights went out.
| {h} and {f} were reading when a storm shook the house and all the lights went out.
"I cannot see anything!" cried {f}. "Stay calm," {said_h}. "There must be a torch in the kitchen drawer."
Slowly they felt their way along the wall. {f} bumped into a chair and {h} stepped on a {toy}.
In the drawer they found a candle and a torch, but the torch did not work.
| There was the torch! It gave a weak, yellow light.
They lit the candle and put it (in a glass|on a plate|in an old lantern), so that it was safe.
Then they told each other stories and made shadow animals on the wall: a {animal}, a {bird} and a {big}.
The thunder rolled, but it did not (scare|frighten) them any more.
{suddenly}, the lights came on again. "What a pity," said {f}.
{elder} came home and (was surprised|laughed), because the two sat there with a candle though the lamp was on.
| They switched the lamp off and went on with the story.

The Treasure Map
{h} found an old map in (the attic|a book|a drawer|a chest). On it was a {colour} cross.
| When {h} opened an old book, a map fell out. A {colour} cross marked a place {outside}.
"A treasure!" cried {h} and ran to {f}. {great} {answered_f}.
They packed a spade, a rope and some {treat} and followed the map.
First they had to walk {n} steps (north|south|east|west) from the (old oak|well|church|mill).
Then they crossed a bridge and counted the (trees|stones|posts).
? Once they took the wrong path and had to go back.
At the cross they dug and dug. "There is only a stone!" cried {f}.
| There they dug a hole. (Their arms were tired|It began to get dark) when the spade hit something hard. It was \
a flat stone.
But under it was a small box. In it lay (old coins|glass beads|a {gift}|shells) and a letter.
"To the finder," it said. "I was a child like you. Hide something new for the next one."
{h} put in {his} (best marble|{colour2} ribbon|little whistle), and {f} added a drawing.
They closed the box and buried it again. {h} and {f} (kept the secret|never told anyone where it was).
| Who will find it next?

A Good Swap
{h} had a {colour} {thing}, but {he} wanted a {toy}.
| {h} was bored with {his} {thing}. "I would like to have something else," {he} said.
{he} met {f}, who had a {fruit}. "Will you swap?" asked {f}. {h} was hungry and agreed.
On the way {he} saw {g}, who had eaten nothing all day. {h} gave {ghim} the {fruit}.
"Thank you! Take this {colour2} {gift} for it," said {g}.
With the {gift} {h} came to a {job}, who was sad. "I need a gift for my daughter," said the {job}.
| Then {h} met a {job}. "What a lovely {gift}!" {jhe} said. "I would give you anything for it."
{h} gave away the {gift}, and the {job} gave {him} a {toy}.
Now {h} had what {he} wanted. {he} ran home and showed it to {elder}.
"You have made (three|many) people happy today," said {elder}, "and yourself, too."
The next day {f} gave {h} the {colour} {thing} back. "We can both use it," {fhe} said.
{rest}

The Old {thing} of {elder}
In a box {h} found an old {thing}. It was (dusty|broken|covered with spots).
| {when}, {h} was tidying up with {elder} when {he} found an old {thing}.
"May I throw it away?" asked {h}. "Oh no," {said_e}, "that is a special {thing}."
{elder} sat down and began to tell. "When I was as old as you, I had a friend named {f}."
| "I got it from {f}, my best friend at school," {ehe} said. "Times were hard, and we had few things."
"{fhe} gave it to me on the day when {fhe} moved away. We both wept."
"Did you see {fhim} again?" asked {h}. {elder} shook {ehis} head. "We wrote letters for many years."
{h} looked at the {thing} again. Now it did not look ugly any more.
Together they (cleaned|polished|repaired) it, and {elder} hummed an old song.
Then {h} had an idea. "Let us write to {f}!" {he} said. And they did.
{days_weeks} later the telephone rang. It was {f}! {elder} laughed and wept at once.
An old thing can hold a whole story.
| Since that day the {thing} has had its place in the middle of the shelf.

The Boat Trip
{h} and {f} went on the lake in a small {colour} boat. {elder} rowed.
| {when}, {h} and {f} got into a {colour} boat. "Sit still, and put on your life jackets," said {elder}.
The water was (smooth|calm|clear), and they saw fish under the boat.
? "Look, a heron!" whispered {f}. It stood in the reeds and did not move.
In the middle of the lake {h} stood up to see better. The boat rocked.
{oh_no} cried {f}. {h} lost {his} (hat|balance), and the paddle fell into the water.
| A wind came up, and the waves grew. Water splashed into the boat.
"Sit down, both of you," said {elder} calmly. "(We have a second paddle|We will row with our hands)."
{h} and {f} scooped the water out with a (cup|bucket), while {elder} rowed.
At last they reached a little island. They lay down in the grass and let their clothes dry.
They ate {treat}, and {f} found {n} (shells|feathers|pebbles).
The way home was quiet, and {h} sat as still as a stone.
"Next time I will stay in my seat," {said_h}. {elder} nodded and winked.

The Noise in the Attic
{h} heard a strange noise in the attic every night. "Maybe it is a ghost," said {f}.
| Every night there was a noise above the room of {h}. Bump, bump, scratch!
{h} and {f} decided to find out. They took a torch and climbed the stairs.
| "I am not afraid," {said_h}, but {his} knees trembled. {f} went with {him}.
The stairs creaked. {h} opened the door very slowly.
In the light of the torch they saw old chairs, dusty boxes and a broken {toy}.
Something moved behind the trunk. Two eyes shone in the dark!
{f} held {fhis} breath. Then a (squirrel|mouse|cat|hedgehog) came out and looked at them.
| Out came a mother cat with {n} kittens. They were soft and tiny.
"So you are our ghost!" {said_h}. Both laughed with relief.
They brought it (a bowl of water|an old blanket|some seeds) and closed the door softly.
From then on, {h} smiled when the noise came at night.
| "Things are less scary when we look at them," {said_f}.

{h} Learns to {skill}
All the other children could {skill}, but {h} could not.
| {h} wanted to learn how to {skill}. {f} had been able to do it for a long time.
"I will never learn it," {said_h}. "I said that, too," said {f}. "I will help you."
On {weekday} they began. The first try went wrong, and the second try, too.
? {h} hurt {his} knee a little. {elder} put a {colour} plaster on it.
"Do not look down. Look ahead!" said {f}. "Take your time," said {elder}.
{h} wanted to give up. {think}
The next day {he} tried again. It was a little better.
On the (third|fourth|fifth) day it worked! {h} shouted, "I can do it! I can {skill}!"
{f} cheered and clapped {fhis} hands. {happy}
Everything is hard before it is easy.
| Now {h} helps smaller children who want to learn it. "I said that, too," {he} tells them.
"""
