"""Story plots about school, neighbours, trips and nature. The format is that of plots_home."""

PLOTS = """
{f}, the New Child in the Class
{when}, there was a new {fchild} in the class of {h}. {fhis} name was {f}.
| When {h} came to school, a new {fchild} stood at the blackboard. "This is {f}," said the teacher.
{f} was shy and (did not speak|sat alone at break|looked at {fhis} shoes).
| Nobody talked to {f}. (At break|In the yard) {fhe} stood alone by the wall.
{h} (saw it|noticed it) and remembered {his} own first day. (It had been hard|{he} had felt lonely, too).
"Hello," {said_h}. "Would you like (to play with us|some of my {treat}|to sit with me)?"
{f} nodded. At first {fhe} was quiet, but then {fhe} told {h} about {fhis} hobby, {hobby}.
"I like {hobby}, too!" {said_h}.
| "That sounds (great|wonderful)," {said_h}. "Tell me more!"
(The next day|On {weekday}|A week later), {f} helped {h} with (a hard sum|a long word|the homework|a drawing).
{together}
A friendly word can (change a whole day|be the start of a friendship).
| {h} was glad that {he} had said hello.

A Day {at} with {h}
{when}, {h} and {elder} went on a trip. They wanted to spend the day {at}.
| {h} had never been {at} before. {when}, {elder} took {him} there.
They packed {fruits}, a bottle of water and (a map|a blanket|a camera|an umbrella).
? {day_is}
They saw {see} and {see2}. "Look at that!" {said_h}.
| There was so much to see: {see}, {see2} and (many people|a funny dog|a flag in the wind).
First {h} {did}. (That was fun|{he} liked that very much|{elder} took a photograph).
| "What would you like to do?" asked {elder}. {h} wanted to {do}.
Then {he} {did2}.
{suddenly}, {h} could not see {elder} any more. {his} heart beat fast. But {elder} stood just around the corner.
| {suddenly}, {h} found a small {colour} {thing} on the ground. They took it to the (desk|guard), and a happy \
{f} got it back.
| Once {h} stumbled and hurt {his} knee, but {elder} put a plaster on it, and soon it was forgotten.
{snack}
In the evening they were tired but (happy|content). "Can we come again?" asked {h}. "Of course," {said_e}.
| {rest}

The Picnic of {h} and {f}
{h} and {f} wanted to have a picnic {outside}. They packed {cold_meal}, {fruits} and a bottle of {drink}.
| {when}, {h} and {f} took a basket full of {treat} and went out for a picnic {outside}.
? {day_is}
They spread a {colour} blanket and sat down. {outsee_there}
Then dark clouds came, and it began to rain.
| Then the wind blew the napkins away.
| Suddenly a line of ants marched across the blanket.
{oh_no} {cried_h}.
"Quick, under the (tree|bridge|roof)!" cried {f}. They (ran|grabbed the basket and ran).
| "Let us move the blanket," {said_f}. They carried everything to a better place.
There they ate the {fruits} and told each other (jokes|stories|riddles).
| From there they (watched a {bird}|counted the clouds|looked at the fields) and ate everything up.
(After half an hour|Soon) the sun came out again.
"That was the best picnic ever," {said_f}. "It was an adventure," said {h}.
{rest}

The Great Race
On {weekday} there was a great race {outside}, and {h} was one of the runners. {f} wanted to win it, too.
| {h} and {f} (trained|practised) for weeks, because the great race was (on {weekday}|in {month}).
Everybody (thought that {f} would win|said that {f} was the fastest|had come to watch).
"Ready, steady, go!" called the (teacher|coach|judge). The children ran.
{f} was first, and {h} was right behind {fhim}. Then {f} stumbled and fell.
| In the middle of the race {f} hurt {fhis} foot and sat down in the grass.
{h} could have won now. {think_short}
But {he} stopped. "Are you hurt?" {he} asked and helped {f} up.
| {he} turned back and gave {f} {his} hand.
Side by side they (walked|limped) to the finish. {g} had won the race long before.
Yet everybody clapped for {h} and {f}.
| The (teacher|judge) gave a medal to {g} and a {colour} ribbon to {h}, for being a good friend.
"Winning is nice," {said_h}, "but a friend is nicer."
| {f} hugged {h}. "You are the real winner," {fhe} said.

{h} and the Hurt Bird
{when}, {h} found a little {bird} {outside}. It could not fly.
| {h} heard a weak chirp {outside}. A little {bird} lay in the grass. Its wing was hurt.
"You poor thing," {said_h}. {he} (took off {his} scarf|fetched a small box) and (wrapped the bird in it|made a \
soft bed).
{elder} (knew what to do|called the vet|told {him} to keep the bird warm).
| {h} carried the bird to the vet. "You did well," said the vet. "It must rest for {days} days."
Every day {h} gave the {bird} water and {bird_food}.
? {f} came to see the bird and (spoke softly|brought seeds|whispered a good wish).
Slowly it got (better|stronger|well again). After {days} days it (hopped about|flapped its wings).
"It is time to let it go," said {elder}. {h} was sad, but {he} knew that it was right.
| {h} opened the window. For a moment the bird sat still and looked at {him}.
Then the {bird} flew up into a tree and (sang|called).
Now a {bird} comes to {his} window every morning. {h} is sure that it is the same one.
| {h} waved until {he} could not see it any more. {rest}

The Giant Pumpkin of {h}
In spring {h} planted a pumpkin seed. "It will be the biggest pumpkin of all," {he} said.
| {h} got a single pumpkin seed from {elder} and planted it (behind the house|in the garden).
{f} laughed. "Such a small seed?" {fhe} asked.
Every day {h} watered it, pulled up the weeds and (sang to it|kept the snails away|talked to it).
In summer there was a small green ball. It grew and grew.
? One night there was a storm. {h} ran out and covered the plant with (a blanket|an old coat|a box).
In autumn the pumpkin was (as big as a chair|as heavy as a sheep|wider than a wheel). Nobody could lift it.
{h} pulled, {f} pulled and {elder} pulled, but the pumpkin did not move.
"Let us roll it onto a (cart|sledge)," {said_f}. And that worked!
At the (harvest feast|market) {h} won (a prize|a {colour} ribbon|the first prize).
{elder} cooked soup for the whole (street|village). There was enough for everybody.
| They carved a face into it and put a candle inside. It glowed all night.
{h} kept one seed for the next spring.
| {f} did not laugh any more. "May I have a seed, too?" {fhe} asked.

{h} Is Lost {at_lost}
{h} had gone out with {elder}, and now they were {at_lost}. There were many people.
| {when}, {h} and {elder} were {at_lost}. It was very (full|busy|crowded).
{h} stopped to look at (a {colour} {thing}|a funny puppet|a tall cake|a clown). When {he} turned around, \
{elder} was gone.
{oh_no} {cried_h}. {sad}
{think} "Stay where you are," {elder} had once told {him}. So {h} stayed.
| {he} did not run. {he} (stood still|sat down on a step), as {elder} had taught {him}.
A {helper} saw {him}. "Are you lost?" {jhe} asked (kindly|in a gentle voice).
| {he} went to a {helper} and said, "Please help me. I cannot find {elder}."
{h} told the {helper} {his} name and (described {elder}|how {elder} looked|where they had been).
The {helper} (called the name of {elder}|climbed on a box and looked around|took {him} to the information desk).
Soon {elder} came running and hugged {h}. "I was so worried!" {ehe} said.
"I waited, as you told me," {said_h}.
| "You were very clever to stay calm," {said_e}.
On the way home {h} held {elder} by the hand (all the time|and did not let go).

{h} Helps the {job}
{when}, {h} met the {job} of the (town|village|street). {jhe} looked (tired|worried|unhappy).
| In the street where {h} lived, there was a {job}. {when}, {jhe} was ill and could not work.
"What is the matter?" asked {h}. "There is too much to do today," said the {job}, "and nobody helps me."
{h} wanted to help. {he} called {f}, and {f} called {g}.
| "I can help you!" {said_h}. "I am small, but I am (quick|strong|careful)."
The {job} showed them how to {task}. It was harder than it looked.
| "My work is to {task}," the {job} explained. "You can hand me {tool}."
They worked (all morning|for {days} hours|until noon). (Nobody complained|{h} made a few mistakes, but {he} \
learned fast).
At last everything was done. "Without you I would still be working," said the {job}.
{jhe} gave them {treat} and let {h} try on {jobclothes}.
| As a thank you, the {job} told them a funny story about {jhis} work.
"Perhaps I will be a {job} one day," {said_h}.
| {h} went home with tired hands and a (glad|happy) heart.

The Letter in the Bottle
{h} found a bottle (on the beach|by the river|at the lake). There was a letter in it.
| {when}, {h} was walking by the (river|sea|lake) when {he} saw a {colour} bottle in the water.
{he} pulled out the cork and read: "(I am looking for a friend|Who finds this may write to me). My name is {f}."
{h} showed the letter to {elder}. "It has come a long way," {ehe} said.
That evening {h} wrote an answer. {he} told {f} about {his} hobby, {hobby}, and about {his} {pet} {petname}.
| {h} took a pen and wrote back. {he} drew a picture of {his} {pet} {petname}, too.
{days_weeks} later a letter came. It was from {f}! {fhe} lived (on an island|behind the mountains|in a lighthouse).
They wrote to each other (every week|every month|all year). They wrote about school, {treat} and the weather.
In (summer|spring) they met for the first time. {h} was nervous, and {f} was, too.
But soon they laughed and talked as if they had always known each other.
| But {f} smiled and held up the old bottle. "It brought me you," {fhe} said.
{together}

{h} and the Snow
In the night it had snowed. When {h} woke up, everything was white.
| {h} looked out of the window and (cheered|shouted for joy): there was snow on every roof!
{he} put on (a thick coat|warm boots), a {colour} (scarf|hat) and two mittens and ran out.
{f} was already there. "Shall we build a snowman?" {fhe} asked. {great} {answered_h}.
They rolled one big ball and one small ball. The big ball was so heavy that {g} had to help.
| They worked until their (cheeks|noses) were red and their fingers were cold.
For the nose they took a carrot, and for the eyes two (stones|buttons|nuts). {f} gave it {fhis} (hat|scarf).
? Then a (dog|crow) stole the carrot, and everyone laughed.
Afterwards they had a snowball fight and slid down the hill on a (sledge|tray).
At home {elder} had made hot cocoa. It (tasted wonderful|was sweet and warm).
After {days} days it got warm, and the snowman became smaller and smaller.
| "Will the snowman melt?" asked {h}. "Yes," said {elder}, "but next winter you can build a new one."
{h} was a little sad, but {he} kept a picture of it until the next winter.
| "Goodbye, snowman," {said_h}. "See you next winter!"
"""
