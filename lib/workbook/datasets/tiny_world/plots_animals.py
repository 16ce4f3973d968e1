"""Fables and animal stories. The format is that of plots_home; here {h} and {f} are animals with names."""

PLOTS = """
The {small} and the {big}
{h} was a little {small} who lived {small_home}. (Nearby|Not far away) lived a {big} named {f}.
| Once there was a {small} called {h}. {he} was small, but {he} had a brave heart. A {big} named {f} lived close by.
{f} often laughed at {h}. "You are so small," {fhe} said. "What can you do?"
| "Please be careful where you step," {h} said to {f}. But {f} only laughed.
{h} did not answer. (In {his} heart, {he} was sad|{he} went on with {his} work).
{when}, {f} had (a thorn in {fhis} foot|a stone stuck between {fhis} toes). It hurt, and {fhe} could not walk.
| {when}, {f} was caught in a net of ropes and could not get free.
"Help!" cried {f}. (The other animals were too big to help|Nobody knew what to do|All the strong animals were far away).
Then came {h}. With {his} small (teeth|paws|claws) {he} worked and worked until {f} was free of pain and fear.
"Thank you," said {f}. "You are small, but you are a great friend."
| {f} bowed {fhis} head. "I was wrong to laugh at you," {fhe} said.
From that day on, {f} and {h} were friends, and nobody laughed at {h} any more.
| Even the smallest friend can be a great help.

The {animal} Who Boasted
{h} was a {animal} who (liked to boast|boasted all day long). "I can {animal_can}. I am the best of all!" {he} said.
| "I can {animal_can}, and nobody does it better!" said {h} the {animal} every day.
The other animals (were tired of it|sighed|rolled their eyes). Only {f}, an old {other}, (smiled|said nothing).
"Well," said {f} one day, "can you (be quiet for a whole day|carry water in a basket|say one kind thing about \
each of us)?"
"Of course I can!" cried {h}. But {he} could not. (Every time {he} tried, it went wrong|After one minute {he} gave up).
The others laughed, and {h} was ashamed.
? {he} hid {animal_home} and did not come out until the evening.
"Do not be sad," said {f}. "Each of us can do something well, and nobody can do everything."
{think}
"You are right," {h} said. "You can {other_can}, and I cannot do that half as well."
From then on, {h} (boasted less|praised the others, too), and everyone liked {him} better.
| (Boasting is easy, but listening is wiser|Who praises others is praised by others).

{h} the {animal} Looks for a Home
{h} the {animal} had lost {his} home in a storm. Now {he} needed a new one.
| A flood had washed away the home of {h}, a young {animal}. So {h} set out to find another.
First {he} asked a {bird}. "Come and live in my nest," said the {bird}. But the nest was (too high|too small) for {h}.
Then {he} asked a fish in the (lake|stream). "My home is in the water," said the fish. That was too wet.
| Then {he} met a snail. "My house is on my back," said the snail. That was much too small.
{h} went on. It grew dark, and {he} was tired and cold.
| {sad}
There {he} met {f}, a friendly {other}. "What are you looking for?" asked {f}.
{h} told {fhim} everything. "I know a good place," {said_f}, "dry, warm and safe."
| "An old {animal} used to live close to me," {said_f}. "That home is empty now."
{f} (showed|led) {him} the way. It was just right for {h}: dry, quiet and (warm|safe).
| {h} looked at it from all sides. "It is (perfect|just right)," {he} said.
{h} (lay down|curled up) and slept well for the first time in days.
Now {h} and {f} were neighbours, and they (met every evening|helped each other|became good friends).

{h} and {f} in Winter
{h} the {animal} gathered food all autumn. {f}, a young {other}, played all day.
| In autumn a {animal} named {h} worked hard. {f} the {other} lay in the sun and laughed at {him}.
"Come and play!" called {f}. "Winter is coming," said {h}. "I must get ready."
"Winter is far away," said {f} and (danced off|went to sleep|ran to the meadow).
Then the first snow fell. {f} had nothing to eat. {fhe} was (hungry and cold|so hungry that {fhe} could not sleep).
{f} knocked at the door of {h}. "I was foolish," {fhe} said. "May I come in?"
{think_short}
"Come in," said {h}. "There is enough for two, if you help me to (clean up|mend the roof|tell good stories)."
| {h} shared the food. In return, {f} told stories and sang songs on the long evenings.
In spring {f} said, "This year I will help you from the first day."
And {fhe} kept {fhis} word. They gathered food together and played together, too.
| (Work first, play later|A full store makes a warm winter), the old animals say.

The {animal} Who Wanted to Be Different
{h} was a {animal}, but {he} wanted to be a bird. "Birds can fly," {he} said. "I can only {animal_can}."
| Every day a {animal} named {h} looked up at the birds. "If only I had wings!" {he} sighed.
So {h} tied (leaves|feathers) to {his} (back|legs) and jumped from a (rock|log|tree stump).
Bump! {he} fell (into a puddle|into a bush|on {his} nose).
A {bird} named {f} saw it. "Why do you want to fly?" {fhe} asked.
"Because it is better to be you," said {h}.
"But I would love to {animal_can}," {f} said. "I have always admired you."
| "I cannot {animal_can}," said {f}. "Each of us has a gift."
{h} was surprised. {think_short}
"Would you show me the world from above?" asked {h}. "I will tell you about it every day," {said_f}.
| So {h} showed {f} how to {animal_can}, and {f} sang for {h}.
After that, {h} was (glad|proud) to be a {animal}.

The {animal} and the Moon
One night a young {animal} named {h} saw the moon in the (pond|lake|well).
| {h}, a young {animal}, was drinking at the (pond|lake) when {he} saw something round and bright in the water.
"The moon has fallen into the water!" cried {h}. "We must save it!"
{he} woke {f}, the {other}. "Hurry, bring a (net|bucket|long stick)!" {he} said.
They pulled and pulled, but they caught only (water|weeds|an old boot).
? "It breaks into pieces when we touch it!" said {f}.
Then an old (owl|toad|goose) laughed. "Look up," it said.
| An (owl|old frog) had watched them. "My dears," it said, "look above you."
High in the sky stood the moon, round and (bright|silver).
{h} and {f} looked up, and then they looked at the water. "It is like a mirror!" said {h}.
They laughed until (the frogs woke up|their bellies hurt). Then they sat down and looked at both moons.
? It was a (mild|quiet|warm) night, and the crickets sang.
"I am glad that it is safe up there," {h} said and (yawned|fell asleep).

{h} the Puppy Learns a Trick
{h} was a young puppy. {he} lived with a {kind} {fchild} named {f}.
| {f} had a young puppy named {h}. {h} was (clever|lively), but {he} could not sit still.
{f} wanted to teach {h} a trick. "Sit!" said {f}. But {h} (ran around|licked {fhis} hand|chewed {fhis} shoe).
"Sit!" said {f} again. {h} (jumped onto the sofa|rolled over|looked out of the window).
? {f} sighed. "You will never learn it," {fhe} said.
{elder} laughed. "Be patient," {ehe} said. "Give {him} a treat when {he} gets it right."
So {f} took a piece of (cheese|sausage|ham) and tried again. {h} looked at it and sat down, just for a moment.
"Good dog!" cried {f} and gave {him} the treat.
They practised every day, only for a few minutes. After {days} days {h} could do it.
| Day by day it went better. At the end of the week {h} sat down at once.
On {weekday} {f} showed the trick to {g}. {g} clapped {ghis} hands.
Patience and a treat teach more than shouting.
| {h} was so proud that {he} sat down all day long.

The Quarrel of {h} and {f}
{h} the {animal} and {f} the {other} found a big {fruit} under a tree.
| A {animal} named {h} and a {other} named {f} were friends. {when}, they saw a big {fruit} on the path.
"I saw it first!" said {h}. "No, I did!" said {f}. They (pulled at it|shouted|quarrelled) until the sun was high.
? "You are not my friend any more!" cried {f}.
Then a {bird} came by. "Why do you shout?" it asked. Both talked at the same time.
| While they quarrelled, a {bird} flew down and ate a piece of the {fruit}.
"If you go on like this, somebody else will eat it," it said.
{h} looked at {f}, and {f} looked at {h}. {think_short}
"Let us cut it in half," {said_h}. "You may choose the first piece."
They ate the {fruit} together, and it tasted sweet. There was even a bit left for the {bird}.
| So each of them got half, and they were friends again.
Half a {fruit} with a friend is better than a whole one alone.
"""
