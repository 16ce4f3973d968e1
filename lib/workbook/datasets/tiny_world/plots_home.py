"""Story plots at home and with friends. A block is a plot: its title, then one beat (one or more sentences) per line.

A line that begins with "| " is another wording of the beat above it; one that begins with "? " may be left out.
"""

PLOTS = """
The Lost {thing}
{h} had a {colour} {thing}. (It was {his} favourite thing|{he} loved it very much|{elder} had given it to {him}).
| {h} owned (a|an old|a little|a lovely) {colour} {thing} and took it (everywhere|nearly everywhere).
? {hero_is}
{when}, the {thing} was gone. {oh_no} {cried_h}.
| {when}, {h} wanted to show the {thing} to {f}, but it was not in its place.
{sad}
{he} looked under the bed, (behind the door|on every shelf|in the wardrobe) and (in the kitchen|in the garden|under \
the sofa), but the {thing} was not there.
| {he} searched the whole house, from the (cellar|kitchen) to the (attic|roof), and found (nothing|only an old button).
? "Where did you see it last?" asked {elder}. {think}
Then {f} came to visit. "Let us look together," {said_f}. "(Four|Two pairs of) eyes see more than two."
| {h} asked {f} for help. {f} came at once, because {fhe} was a good friend.
(At last|In the end|After an hour), {f} found the {thing} {found}. "Here it is!" {fhe} (shouted|called).
| Together they looked {found}. There was the {colour} {thing}! Somebody had (left|forgotten) it there.
{happy} {thanks}
From then on, {h} always put the {thing} back in its place.
| {h} (tied a {colour2} ribbon to the {thing}|made a special place for the {thing}), so that it would not get \
lost again.

{h} and the Runaway {pet}
{h} had a {pet} called {petname}. It (was soft and friendly|slept in a basket|knew {his} voice|had one white ear).
| {petname} was the {pet} of a {kind} {child} named {h}.
? Every (morning|day|evening), {h} gave {petname} (fresh water|{pet_food}|a clean bowl).
{when}, somebody left the (door|gate|window) open, and {petname} ran away.
| {when}, there was a loud bang in the street. {petname} was scared and ran off.
{sad}
{he} called "{petname}! {petname}!" in (the street|the garden|every room), but no {pet} came.
| {h} looked (behind the shed|under every bush|along the hedge) and asked all the neighbours.
{f} had an idea. "{petname} must be hungry," {fhe} said. "Let us (put out|take along) some {pet_food}."
| "Do not give up," {said_f}. "We will make a poster and ask in every shop."
They (waited|searched) until (the sun went down|the lamps were lit|it was nearly dark).
Then something moved {outside}. It was {petname}!
| Then they heard a small sound behind the (shed|hedge|wall|barn). There sat {petname}, cold but safe.
{h} took the {pet} in {his} arms and (carried it home|hugged it gently). {happy}
? That night {petname} slept (beside {his} bed|on an old cushion near {h}).
(From that day on|After that), {h} always closed the (door|gate) with care.
| "Please never run away again," {h} whispered, and {petname} (closed its eyes|fell asleep).

{h} Learns to Share
{h} got a new {toy} and did not want to share it. "It is mine!" {he} said.
| {h} had the nicest {toy} of all, but nobody else was allowed to touch it.
{when}, {f} came to play. "May I have a turn with the {toy}, please?" {fhe} asked.
"No!" said {h} and held the {toy} tight.
| {h} shook {his} head and turned away.
{f} was sad and (went to play alone|sat down under a tree|went home early).
Soon {h} was bored. (Playing alone was no fun|It was very quiet|The {toy} was not fun without a friend).
? {elder} saw it. "A thing that is shared gives joy twice," {ehe} said.
{think}
Then {he} went to {f}. "I am sorry," {said_h}. "Would you like to play with me?"
| {h} ran after {f} and held out the {toy}. "You may go first," {he} said.
{f} smiled. They took turns, and (both|they both) had (a lot of|great) fun.
| They played with the {toy} until (dinner|the evening), and they laughed a lot.
{h} had learned that sharing is (better than having|more fun than keeping).
| From that day on, {h} liked to share. {together}

A Present for {elder}
{h} wanted to give {elder} a present, but {he} had no money.
| {h} had no present for {elder} yet, and the birthday was tomorrow.
? {hero_is}
{when}, {he} asked {f} what to do. "(Make something yourself|Give something that you made)," {said_f}.
| {think} "I will make something myself!" {he} said.
So {h} decided to {craft}. {f} (helped|watched|brought all that was needed).
| "I could {craft}," said {h}. {great} {answered_f}.
It was not easy. (Twice|Three times|Once) {he} made a mistake and had to start again.
| At first (it went wrong|{he} was too quick), but {h} was patient.
? {day_is}
{at_last} it was done: {craft_result}. {h} was (proud|very proud).
{elder} (opened {ehis} eyes wide|was surprised|clapped {ehis} hands). "Did you do this yourself?" {ehe} asked.
| When {elder} saw it, {ehe} (laughed with joy|was silent for a moment|smiled from ear to ear).
"It is the best present of all," {said_e} and hugged {h}.
{rest}

{h} Tells the Truth
{h} was playing {outside} with a ball. (It was fun|{he} kicked it higher and higher|{he} was not careful).
| {h} was playing with a {toy} in the (living room|kitchen), though {elder} had said not to.
{then}, there was a loud crash. A (vase|window|flowerpot|lamp|jar) (was broken|had broken into pieces).
{oh_no} {cried_h}. {he} (wanted to run away|hid behind the door|felt hot and cold).
"Who did this?" asked {elder}. {h} looked at the floor.
| {elder} came and saw the pieces. "Was it the {pet}?" {ehe} asked.
{h} could have said that it was the {pet}, but that would have been a lie.
| "It was the wind," {h} said at first. But {his} stomach hurt, because it was not true.
{think}
Then {he} said, "It was me. I am very sorry."
{elder} was (quiet for a moment|not angry|a little angry at first). "Thank you for telling the truth," {ehe} said.
Together they swept up the pieces. {h} (paid for it with {his} pocket money|helped in the kitchen all week).
? {h} felt (light|much better) again.
The truth can be hard to say, but (a lie weighs more|it makes the heart light).
| From then on, {h} (always told the truth|was more careful and honest).

A Rainy Day with {h}
It was raining, and {h} could not go (outside|to the park|to the playground). {he} was bored.
| All (day|morning) the rain fell on the roof. {h} (stood|sat) at the window and sighed.
"There is nothing to do," {said_h}.
{elder} (smiled|looked up from {ehis} book|put down {ehis} cup). "What about {crafting}?" {ehe} asked.
| Then the bell rang. It was {f}, wet from head to toe. "Shall we {craft}?" {fhe} asked.
{h} (was not sure|had never tried that), but {he} agreed.
| {great} {answered_h}.
They got everything ready and began. (It took a long time|It was harder than it looked|Soon the room was full \
of laughter).
? {oh_no} Something fell on the floor, and everyone laughed.
{at_last} they had {craft_result}. {happy}
When {h} looked out of the window, the rain had stopped. (A rainbow stood|The sun was) in the sky.
| "Is it still raining?" asked {h}. Nobody had noticed that the sun was out again.
"I hope that it rains again (tomorrow|soon)," {said_h}, and everyone laughed.
| {rest}

{h} Is Afraid of the Dark
{h} was afraid of the dark. Every night {he} (hid under the blanket|wanted a lamp|asked for one more story).
| When the light went out, {h} always felt afraid.
One night {he} was alone in {his} room and heard a strange sound: (tap, tap, tap|scratch, scratch|creak, creak).
"(Who is there|Is that a monster)?" {h} whispered. Nobody answered.
{his} heart beat fast. {he} called {elder}. {elder} came with a torch. "Let us look together," {ehe} said. They looked \
(in the wardrobe|behind the curtain), under the bed and (behind the door|on the balcony).
| {he} pulled the blanket up to {his} nose and lay very still. Then {he} remembered the torch under the pillow. \
"I will \
look myself," {said_h}. {he} looked in every corner and found (a sock|an old {toy}).
The sound came from (a branch that tapped on the window|a moth in the lamp|the {pet} that scratched at the door|\
the old clock on the wall|a shutter that moved in the wind).
"So that was the monster!" {said_h} and (laughed|had to laugh).
From that night on, {h} kept a torch beside the bed, but {he} (hardly|almost never) needed it.
| {h} was not afraid any more. In the dark, the room was the same as in the light.
? {he} even told {f} how (quiet|nice) the night could be.

The Birthday of {f}
{f} had a birthday on {weekday}, and {fhis} friend {h} planned a surprise.
| {h} wanted to surprise {fhis} {friend} {f}, because it was {fhis} birthday.
{h} asked (all the children|{g} and the others) to meet {outside} at three o'clock. "Do not tell {f}!" {he} whispered.
{h} brought {treat}, {g} brought {treat2}, and somebody hung up {colour} balloons.
| They decorated (the trees|the table) with {colour} paper. {g} (made|brought) {treat}.
But {f} did not come. (They waited and waited|The candles burned down|It was half past three).
? {sad}
"{f} thinks that we forgot {fhim}," said {g}. "I will (fetch|get) {fhim}," {said_h}.
| {h} went to look. {f} was sitting at home, all alone. "Nobody remembered my birthday," {fhe} said.
"Come with me and close your eyes," {said_h}.
"Surprise!" (everyone shouted|all the children cried). {f} (laughed and wept at the same time|could not say a word|\
jumped for joy).
There were games and songs, and {f} got a {colour2} {gift}.
{rest}

{h} Saves for a {gift}
In the window of the shop {h} saw a {colour} {gift}. It cost {n} coins.
| {h} wished for a {colour} {gift}, but it cost {n} coins.
{he} had only one coin. {think}
"I will earn the money," {said_h}.
On {weekday}, {he} (washed a car|walked the dog of a neighbour|swept a yard|picked apples) and got (a coin|two coins).
Then {he} (sold lemonade|carried bags|raked leaves|helped {elder}) and (dropped more coins into the money box|saved \
every coin).
? Once {he} wanted to buy {treat}, but {he} (walked on|kept the money).
After {days} weeks {h} had all the coins. {he} ran to the shop.
(The {gift} was still there|The shopkeeper smiled and wrapped it up). {happy}
| But on the way {he} met {f}, who had lost {fhis} bus money. {h} gave {fhim} two coins and waited one more week.
"You worked hard for it," said {elder}. "So you will take good care of it."
| {h} took better care of the {gift} than of anything else, because {he} had earned it.
{rest}
"""
