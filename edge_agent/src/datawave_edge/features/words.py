"""Word sets of common names, places and codes in several languages, all in lower case."""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def make_lines(text: str) -> frozenset[str]:
    """Entries between commas, which may hold blanks."""
    return frozenset(part.strip() for part in text.replace("\n", ",").split(",") if part.strip())


FIRST_NAMES: Final = _words("""
james john robert michael william david richard joseph thomas charles christopher daniel matthew
anthony mark donald steven paul andrew joshua kenneth kevin brian george timothy ronald edward
jason jeffrey ryan jacob gary nicholas eric jonathan stephen larry justin scott brandon benjamin
samuel gregory alexander frank patrick raymond jack dennis jerry tyler aaron jose adam nathan
henry douglas zachary peter kyle ethan walter noah jeremy christian keith roger terry austin sean
gerald carl harold dylan arthur lawrence jordan jesse bryan billy bruce gabriel joe logan alan
juan albert willie elijah wayne randy vincent mason roy ralph bobby russell bradley philip eugene
mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty sandra
margaret ashley kimberly emily donna michelle carol amanda melissa deborah stephanie dorothy
rebecca sharon laura cynthia amy kathleen angela shirley brenda emma anna pamela nicole samantha
katherine christine helen debra rachel carolyn janet maria catherine heather diane olivia julie
joyce victoria ruth virginia lauren kelly christina joan evelyn judith andrea hannah megan cheryl
jacqueline martha madison teresa gloria sara janice ann kathryn abigail sophia frances jean alice
judy isabella julia grace amber denise danielle marilyn beverly charlotte natalie theresa diana
brittany doris kayla alexis lori marie oliver liam lucas leo oscar harry charlie alfie archie
freddie theo isaac max finn luke owen connor callum rory ewan amelia ava mia isla ella lily evie
poppy daisy ruby freya phoebe sienna jane claire fiona gemma louise zoe chloe lucy molly ellie
hans klaus jürgen wolfgang uwe stefan andreas thomas markus michael sebastian tobias florian
matthias lukas felix jonas maximilian moritz niklas leon tim jan philipp fabian dirk jörg heinz
helmut günter dieter manfred ursula renate monika helga petra sabine birgit gabriele heike
susanne katrin anja claudia silke martina nicole julia lena lea hanna anke greta frieda ingrid
pierre michel andré philippe alain jacques bernard marcel louis françois christophe laurent
nicolas julien sébastien guillaume antoine mathieu hugo lucas théo jules camille léa manon chloé
inès sophie isabelle nathalie sylvie valérie sandrine céline aurélie élodie amélie juliette jeanne
antonio manuel francisco josé javier carlos jesús alejandro miguel rafael pedro pablo ángel sergio
fernando jorge luis alberto álvaro diego adrián raúl enrique ramón vicente andrés joaquín carmen
isabel dolores pilar josefa rosa ángeles cristina marta paula lucía elena raquel mercedes beatriz
silvia rocío inés sofía valentina camila mariana gabriela daniela ximena fernanda guadalupe
giuseppe giovanni antonio mario luigi francesco angelo vincenzo pietro salvatore carlo franco
domenico bruno paolo marco andrea luca matteo lorenzo alessandro davide simone federico riccardo
giulia chiara francesca federica martina giorgia elisa alessia silvia valentina sara giovanna
joão antónio carlos paulo lucas luiz marcos gustavo rodrigo thiago bruno felipe rafael vitor ana
maria francisca adriana juliana márcia fernanda patrícia aline letícia beatriz larissa
jan piet kees willem johannes cornelis sander daan sem bram lars thijs ruben anouk sanne femke
lotte eva fleur noor iris marieke wilma
piotr krzysztof andrzej tomasz paweł marcin michał marek grzegorz jerzy tadeusz adam łukasz
zbigniew anna katarzyna małgorzata agnieszka barbara ewa elżbieta krystyna zofia magdalena joanna
lars erik anders johan karl per nils lennart sven bengt magnus fredrik mikael henrik olof astrid
ingrid karin birgitta margareta kristina elin maja ebba saga ole kari liv solveig bjørn søren
mette hanne kirsten pekka juhani matti timo antti aino liisa päivi
ivan dmitri sergei alexei andrei vladimir mikhail nikolai olga natalia tatiana irina svetlana
elena ekaterina anastasia yulia maria oleg igor boris
mohammed muhammad ahmed mohamed ali hassan hussein omar khaled ibrahim yusuf mustafa fatima aisha
zainab mariam khadija layla noor amina salma yasmin mehmet emre burak ayşe fatma zeynep elif
raj rahul amit vijay sanjay anil sunil arjun rohan vikram priya anjali pooja neha kavita sunita
deepa lakshmi aarav ananya ravi suresh ramesh
wei fang ying min jing lei qiang yan jun hui ming xin hao yuki haruto sota yuto hiroshi takashi
kenji akira yoko sakura hana aoi keiko minh anh linh nguyen hyun jisoo minjun seoyeon
kwame kofi ama abena chinedu ngozi chioma emeka amara tunde thabo sipho nomsa
aaliyah aiden aidan aria arianna ariana asher aubrey audrey avery axel bella blake brody brooke
caleb cameron carter caroline cecilia chase clara cole colin cooper cora damian dakota dana darren
dawn dean derek desmond devin dominic don dora drew duncan dwight earl eddie edgar edith edmund
edwin eileen elaine eleanor eli eliana eliza ellen elliott elliot ellis elsie emerson ernest
esther ethel evan fabio faith felicity fernand flora florence floyd francine freda garrett gavin
gene genevieve geoffrey georgia geraldine gilbert gina glenn gordon graham grant gwen hailey
harriet harrison harvey hazel hector herbert holly homer howard hudson hugh hunter ian imogen
irene isaiah israel ivy jackie jade jaime jake jasmine jay jayden jeanette jeff jenna jenny jerome
jill jim jo joanne jodie joel joey johnny jon josephine josh josie joy julian june kate katie kay
keira ken kim kirk kurt kylie lana lance laurence lee leila leonard leonardo leroy leslie lester
lewis lillian lincoln lloyd lola lorraine lucille lydia lynn mabel mackenzie madeleine madeline
maggie malcolm mandy marc marcia marcus margot marina marion marjorie marlene marshall marvin
matilda maureen maurice maxine maya melanie melvin mercy meredith mila miles milton mindy miranda
monica morgan muriel myra nadia naomi neil nellie nina nolan nora norma norman otto paige pam
parker patsy pauline pearl peggy penelope penny perry phyllis piper priscilla quinn ramona randall
raul ray reginald rene rex rhonda ricardo rick ricky riley rita rob robin rodney roland roman ron
rose rosemary ross roxanne rufus russ sadie sally sam savannah sawyer selena seth shane shannon
shaun shawn sheila shelly sidney skylar spencer stacy stan stella steve stewart stuart sue sylvia
tamara tanya tara ted terence tessa tiffany tina toby todd tom tommy tony tracy travis trevor troy
valerie vanessa vera vernon vicki victor vince viola violet vivian wade wallace wanda warren
wendell wendy wesley whitney wilbur wilfred winston wyatt yvette yvonne zane zara zoey naoko ren
aiko daichi emi haruka hiro jiro kazuo makoto mei miki naoki riku sora tomoko ahmad bilal hamza
imran karim leyla malik nasser rania samir sami tariq yasmine youssef zahra aditya akash amar arun
asha divya gaurav harish indira jaya kiran lalit manish meera mohan nikhil nisha pankaj prakash
preeti rajesh rakesh rekha rohit sachin sandeep shreya sneha tarun uma varun agnes ales aleksander
andrej bogdan borut dragan goran jana jozef luka marija milan milena mirjana nemanja nikola petar
stanislav tomas vesna vlad zoran zuzana istván lászló zoltán katalin éva
""")

LAST_NAMES: Final = _words("""
smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez gonzalez
wilson anderson thomas taylor moore jackson martin lee perez thompson white harris sanchez clark
ramirez lewis robinson walker young allen king wright scott torres nguyen hill flores green adams
nelson baker hall rivera campbell mitchell carter roberts gomez phillips evans turner diaz parker
cruz edwards collins reyes stewart morris morales murphy cook rogers gutierrez ortiz morgan cooper
peterson bailey reed kelly howard ramos kim cox ward richardson watson brooks chavez wood james
bennett gray mendoza ruiz hughes price alvarez castillo sanders patel myers long ross foster
jimenez powell jenkins perry russell sullivan bell coleman butler henderson barnes gonzales fisher
vasquez simmons romero jordan patterson alexander hamilton graham reynolds griffin wallace moreno
west cole hayes bryant herrera gibson ellis tran medina aguilar stevens murray ford castro
marshall owens harrison fernandez mcdonald woods washington kennedy wells vargas henry chen
freeman webb tucker guzman burns crawford olson simpson porter hunter gordon mendez silva shaw
snyder mason dixon munoz hunt hicks holmes palmer wagner black robertson boyd rose stone salazar
fox warren mills meyer rice schmidt garza daniels ferguson nichols stephens soto weaver ryan
gardner payne grant dunn kelley spencer hawkins arnold pierce hansen peters santos hart bradley
knight elliott cunningham duncan armstrong hudson carroll lane riley andrews alvarado ray delgado
berry perkins hoffman johnston matthews pena richards contreras willis carpenter lawrence
müller schneider fischer weber becker schulz schäfer koch bauer richter klein wolf schröder
neumann schwarz zimmermann braun krüger hofmann hartmann lange schmitt werner krause meier lehmann
schmid schulze maier köhler herrmann könig walter mayer huber kaiser fuchs scholz möller weiß jung
bernard dubois durand moreau laurent lefebvre leroy roux bertrand morel fournier girard bonnet
dupont lambert fontaine rousseau blanc guerin muller faure mercier chevalier garnier legrand
rossi russo ferrari esposito bianchi romano colombo ricci marino greco conti gallo costa giordano
mancini rizzo lombardi moretti barbieri fontana santoro mariani rinaldi caruso ferrara galli
garcía rodríguez gonzález fernández lópez martínez sánchez pérez gómez martín jiménez hernández
díaz álvarez muñoz gutiérrez navarro domínguez vázquez serrano blanco molina suárez ortega marín
silva santos oliveira souza sousa pereira lima carvalho ferreira ribeiro almeida costa rocha dias
fernandes nunes mendes barros araujo cardoso teixeira correia
jansen devries bakker visser smit meijer mulder bos vos peters hendriks dekker dijkstra
nowak kowalski wiśniewski wójcik kowalczyk kamiński lewandowski zieliński szymański woźniak
johansson andersson karlsson nilsson eriksson larsson olsson persson svensson gustafsson hansen
johansen olsen larsen andersen pedersen nielsen jensen christensen korhonen virtanen nieminen
ivanov petrov sidorov smirnov kuznetsov popov volkov sokolov novák svoboda horváth nagy kovács
khan ahmed ali hussain hassan sharma singh kumar gupta patel shah reddy rao verma mehta iyer nair
wang li zhang liu chen yang huang zhao wu zhou xu sun zhu lin guo he gao luo kim park choi jung
kang tanaka suzuki sato takahashi watanabe ito yamamoto nakamura kobayashi kato yoshida yılmaz
kaya demir şahin çelik okafor adeyemi mensah dlamini nkosi abdullah
abbott acosta aguirre allison anthony arias atkins austin avila ayala baldwin ball ballard banks
barber barker barnett barrett barron barton bass bates beck bender benson bentley best bishop
blackburn blair blake blanchard blankenship bond booker boone booth bowen bowers bowman boyer
brady brewer bridges briggs brock bruce buchanan buck burgess burke burnett burton bush byrd
cabrera caldwell calderon callahan camacho cannon cantu carey carlson carr carson case casey
castaneda cervantes chambers chan chandler chang chapman charles christian church clay clayton
clements cline cobb cochran cohen combs compton conley conner conrad conway cooke copeland cortez
cowan craig crane cross curry curtis dalton daniel daugherty davenport davidson dawson day dean
decker delacruz deleon dennis dickerson dillon dodson dominguez donovan dorsey dougherty douglas
doyle drake dudley duffy duke duran dyer eaton english erickson escobar espinosa estes estrada
everett farmer farrell faulkner figueroa finley fitzgerald fitzpatrick fleming fletcher fowler
francis franco frank franklin frazier french frost fry frye fuentes fuller gaines gallagher
gallegos galloway galvan garner garrett garrison gates gentry george gilbert giles gill gillespie
gilmore glass glenn glover golden good goodman goodwin graves greene greer gregory gross guerra
guerrero hahn hale haley hammond hampton hancock hanna hardin harding hardy harmon harper harrell
hatfield haynes heath hebert hendricks hendrix hensley herman herring hess hickman higgins hinton
hobbs hodge hodges hogan holden holland holloway holt hood hooper hoover hopkins horn horton house
houston howe howell hubbard huff huffman hull humphrey hurley hurst hutchinson ingram jacobs
jacobson jarvis jefferson jennings johns joseph joyce juarez kane kaufman keller kemp kent kerr
key kirby kirk kline knox kramer lamb landry lang larson le leach leon leonard lester levy lindsey
little livingston lloyd logan lowe lowery lucas lucero luna lynch lynn lyons macdonald macias mack
madden maddox mahoney maldonado malone mann manning marks marquez marsh massey mata mathews mathis
maxwell may mcbride mccann mccarthy mccarty mcclure mcconnell mccormick mccoy mcdaniel mcdowell
mcfarland mcgee mcgrath mcguire mcintosh mcintyre mckay mckee mckenzie mckinney mclaughlin mclean
mcmahon mcmillan meadows medrano mejia melendez melton mercado meyers middleton miles miranda
monroe montes montgomery montoya moody moon mora moran morrison morrow morse morton moses moss
mueller mullen mullins murillo nash neal newman newton nixon noble nolan norman norris norton
nunez obrien ochoa oconnor odom oneal oneill orr osborn osborne owen pace pacheco padilla page
palacios parks parrish parsons patton paul pearson peck pennington petersen petty pham phelps
pittman pitts ponce poole pope potter powers pratt preston prince proctor pruitt pugh quinn
quintero ramsey randall randolph rangel rasmussen reese reeves reid reilly reyna rhodes richard
richmond riggs rios rivas roach robbins roberson robles rodgers rojas roman rosales rosario rosas
rosen roth rowe rowland rubio rush salas salgado salinas sampson sandoval santana santiago savage
sawyer schaefer schroeder schultz schwartz sellers sexton shaffer shannon sharp shelton shepard
shepherd sheppard sherman shields short sierra simon sims singleton skinner sloan small solis
solomon sosa spence stafford stanley stanton stark steele stein stephenson stokes strickland
strong suarez summers sutton swanson sweeney tang tanner tapia tate terrell terry todd townsend
travis trevino trujillo tyler underwood valdez valencia valentine valenzuela vance vang vaughan
vaughn vazquez vega velasquez velazquez velez villa villanueva villarreal wade walls walsh walters
walton ware warner watkins watts weeks weiss welch wheeler whitaker whitehead wiggins wiley
wilkerson wilkins wilkinson williamson wilcox winters wise wolfe wong woodard woodward wyatt yates
yoder york yu zamora zavala zimmerman zuniga
""")

CITIES: Final = make_lines("""
new york, los angeles, chicago, houston, phoenix, philadelphia, san antonio, san diego, dallas
san jose, austin, jacksonville, fort worth, columbus, charlotte, san francisco, indianapolis
seattle, denver, washington, boston, el paso, nashville, detroit, oklahoma city, portland
las vegas, memphis, louisville, baltimore, milwaukee, albuquerque, tucson, fresno, sacramento
kansas city, mesa, atlanta, omaha, colorado springs, raleigh, miami, oakland, minneapolis, tulsa
cleveland, wichita, tampa, new orleans, honolulu, anaheim, orlando, pittsburgh, cincinnati
st. louis, buffalo, richmond, spokane, boise, salt lake city, springfield, rochester, madison
cupertino, mountain view, redmond, salem, lincoln, anchorage, newark, jersey city, cambridge
toronto, montreal, montréal, vancouver, calgary, edmonton, ottawa, winnipeg, québec, halifax
victoria, london, birmingham, manchester, glasgow, liverpool, leeds, sheffield, edinburgh, bristol
leicester, coventry, cardiff, belfast, nottingham, newcastle, southampton, plymouth, brighton
oxford, york, reading, bath, dublin, cork, galway, limerick
berlin, hamburg, munich, münchen, cologne, köln, frankfurt, stuttgart, düsseldorf, leipzig
dortmund, essen, bremen, dresden, hannover, nuremberg, nürnberg, duisburg, bochum, bonn, münster
mannheim, karlsruhe, augsburg, wiesbaden, kiel, mainz, freiburg, heidelberg, vienna, wien, graz
linz, salzburg, innsbruck, zurich, zürich, geneva, genève, basel, bern, lausanne, luzern
paris, marseille, lyon, toulouse, nice, nantes, strasbourg, montpellier, bordeaux, lille, rennes
reims, toulon, grenoble, dijon, angers, nîmes, brussels, bruxelles, antwerp, antwerpen, ghent, gent
liège, luxembourg, amsterdam, rotterdam, the hague, den haag, utrecht, eindhoven, groningen
madrid, barcelona, valencia, sevilla, seville, zaragoza, málaga, malaga, murcia, palma, bilbao
alicante, córdoba, valladolid, vigo, granada, lisbon, lisboa, porto, braga, coimbra, faro
rome, roma, milan, milano, naples, napoli, turin, torino, palermo, genoa, genova, bologna
florence, firenze, bari, catania, venice, venezia, verona, trieste, padova, athens, thessaloniki
copenhagen, københavn, aarhus, odense, stockholm, göteborg, gothenburg, malmö, uppsala, oslo
bergen, trondheim, helsinki, espoo, tampere, turku, reykjavik, tallinn, riga, vilnius
warsaw, warszawa, kraków, krakow, łódź, wrocław, poznań, gdańsk, prague, praha, brno, bratislava
budapest, debrecen, bucharest, cluj-napoca, sofia, belgrade, zagreb, ljubljana, sarajevo, skopje
moscow, saint petersburg, novosibirsk, kyiv, kiev, kharkiv, lviv, odesa, minsk, tbilisi, yerevan
istanbul, ankara, izmir, tel aviv, jerusalem, haifa, beirut, amman, baghdad, tehran, riyadh
jeddah, dubai, abu dhabi, doha, kuwait city, muscat, cairo, alexandria, casablanca, rabat, tunis
algiers, lagos, abuja, accra, nairobi, kampala, addis ababa, dakar, johannesburg, cape town
durban, pretoria, harare, lusaka, luanda, kinshasa
mumbai, delhi, new delhi, bangalore, bengaluru, hyderabad, ahmedabad, chennai, kolkata, pune
jaipur, lucknow, karachi, lahore, islamabad, dhaka, colombo, kathmandu, beijing, shanghai
guangzhou, shenzhen, chengdu, wuhan, tianjin, hangzhou, nanjing, hong kong, taipei, seoul, busan
tokyo, osaka, kyoto, nagoya, yokohama, sapporo, fukuoka, kobe, bangkok, hanoi, ho chi minh city
singapore, kuala lumpur, jakarta, surabaya, manila, quezon city, cebu, phnom penh, yangon
sydney, melbourne, brisbane, perth, adelaide, canberra, hobart, auckland, wellington, christchurch
mexico city, ciudad de méxico, guadalajara, monterrey, puebla, tijuana, bogotá, medellín, cali
lima, quito, guayaquil, caracas, la paz, santiago, valparaíso, buenos aires, rosario, mendoza
montevideo, asunción, são paulo, sao paulo, rio de janeiro, brasília, salvador, fortaleza
belo horizonte, curitiba, recife, porto alegre, manaus, havana, san juan, panama city, san salvador
""")

COUNTRIES: Final = make_lines("""
afghanistan, albania, algeria, andorra, angola, argentina, armenia, australia, austria, azerbaijan
bahamas, bahrain, bangladesh, barbados, belarus, belgium, belize, benin, bhutan, bolivia
bosnia and herzegovina, botswana, brazil, brunei, bulgaria, burkina faso, burundi, cambodia
cameroon, canada, cape verde, chad, chile, china, colombia, congo, costa rica, croatia, cuba
cyprus, czechia, czech republic, denmark, djibouti, dominican republic, ecuador, egypt
el salvador, eritrea, estonia, eswatini, ethiopia, fiji, finland, france, gabon, gambia, georgia
germany, ghana, greece, grenada, guatemala, guinea, guyana, haiti, honduras, hong kong, hungary
iceland, india, indonesia, iran, iraq, ireland, israel, italy, jamaica, japan, jordan, kazakhstan
kenya, kosovo, kuwait, kyrgyzstan, laos, latvia, lebanon, lesotho, liberia, libya, liechtenstein
lithuania, luxembourg, madagascar, malawi, malaysia, maldives, mali, malta, mauritania, mauritius
mexico, moldova, monaco, mongolia, montenegro, morocco, mozambique, myanmar, namibia, nepal
netherlands, new zealand, nicaragua, niger, nigeria, north korea, north macedonia, norway, oman
pakistan, palestine, panama, papua new guinea, paraguay, peru, philippines, poland, portugal
puerto rico, qatar, romania, russia, russian federation, rwanda, samoa, san marino, saudi arabia
senegal, serbia, seychelles, sierra leone, singapore, slovakia, slovenia, somalia, south africa
south korea, korea, south sudan, spain, sri lanka, sudan, suriname, sweden, switzerland, syria
taiwan, tajikistan, tanzania, thailand, togo, tonga, trinidad and tobago, tunisia, turkey, türkiye
turkmenistan, uganda, ukraine, united arab emirates, united kingdom, united states
united states of america, usa, uk, great britain, england, scotland, wales, uruguay, uzbekistan
vatican city, venezuela, vietnam, viet nam, yemen, zambia, zimbabwe, deutschland, österreich
schweiz, frankreich, italien, spanien, polen, niederlande, allemagne, autriche, belgique, suisse
espagne, italie, royaume-uni, états-unis, españa, alemania, francia, italia, méxico, brasil
portugal, estados unidos, reino unido, nederland, belgië, sverige, norge, danmark, suomi, polska
""")

JOB_WORDS: Final = _words("""
manager director engineer developer analyst assistant consultant specialist coordinator officer
administrator supervisor technician representative accountant designer architect nurse doctor
teacher lawyer attorney clerk secretary receptionist president executive chef driver mechanic
scientist researcher programmer auditor buyer planner advisor agent editor writer journalist
electrician plumber pharmacist therapist physician surgeon dentist paramedic professor lecturer
instructor trainer recruiter controller treasurer cashier operator inspector surveyor strategist
ceo cto cfo coo cio vp intern apprentice trainee lead head chief founder owner partner associate
leiter entwickler berater geschäftsführer ingénieur directeur gerente ingeniero direttore
salesperson sales barista waiter waitress carpenter librarian translator
""")

STREET_WORDS: Final = _words("""
street st road rd avenue ave av boulevard blvd drive dr lane ln court ct circle cir way place pl
square sq terrace ter trail trl parkway pkwy highway hwy close crescent grove mews row walk alley
rue chemin allée impasse quai place cours route calle carrer avenida avda paseo plaza camino ronda
via viale piazza corso vicolo largo rua travessa alameda ulica ul aleja straat laan weg plein
gracht gatan gata vägen väg vej gade gate veien katu tie
""")
STREET_ENDINGS: Final = (
    "straße", "strasse", "str.", "weg", "platz", "allee", "gasse", "ring", "damm", "ufer",
    "straat", "laan", "plein", "gracht", "kade", "gatan", "vägen", "vej", "gade", "veien", "katu",
)  # fmt: skip

COMPANY_SUFFIXES: Final = _words("""
inc inc. incorporated corp corp. corporation co co. company llc l.l.c. lp llp ltd ltd. limited plc
gmbh ag kg ohg ug e.v. gbr se sa s.a. sas s.a.s. sarl s.a.r.l. sl s.l. srl s.r.l. spa s.p.a. bv
b.v. nv n.v. ab oy oyj as a/s aps kk k.k. pty pte holding holdings group partners associates
ltda s.c. sp. z.o.o. kft zrt d.o.o. ooo pvt bank foundation
""")

GENDER_WORDS: Final = _words("""
male female man woman men women boy girl nonbinary non-binary transgender genderfluid agender
intersex genderqueer bigender polygender other unknown männlich weiblich divers homme femme masculin
féminin hombre mujer masculino femenino maschio femmina uomo donna feminino mężczyzna kobieta
undisclosed
""")
MARITAL_WORDS: Final = make_lines("""
single, married, divorced, widowed, separated, engaged, never married, domestic partner
civil partnership, civil union, widow, widower, cohabiting, partnered, ledig, verheiratet
geschieden, verwitwet, célibataire, marié, mariée, divorcé, divorcée, veuf, veuve, soltero
soltera, casado, casada, divorciado, divorciada, viudo, viuda, celibe, nubile, coniugato
coniugata, divorziato, divorziata, vedovo, vedova
""")
ETHNICITY_WORDS: Final = make_lines("""
white, black, asian, hispanic, latino, latina, latinx, caucasian, african american
black or african american, native american, american indian, american indian or alaska native
alaska native, pacific islander, native hawaiian, native hawaiian or other pacific islander
middle eastern, mixed, mixed race, two or more races, multiracial, white british, white irish
black british, black african, black caribbean, south asian, east asian, indian, chinese, pakistani
bangladeshi, arab, hispanic or latino, not hispanic or latino, non-hispanic, roma, jewish, other
asian british, native
""")
BLOOD_TYPES: Final = frozenset(
    f"{group}{space}{sign}"
    for group in ("a", "b", "ab", "o", "0")
    for space in ("", " ")
    for sign in ("+", "-", "pos", "neg", "rh+", "rh-", "positive", "negative")
)  # fmt: skip
BOOLEAN_WORDS: Final = _words("""
true false yes no y n t f on off ja nein oui non si sí nee enabled disabled active inactive 0 1
""")
US_STATES: Final = _words("""
al ak az ar ca co ct de fl ga hi id il in ia ks ky la me md ma mi mn ms mo mt ne nv nh nj nm ny nc
nd oh ok or pa ri sc sd tn tx ut vt va wa wv wi wy dc pr
""") | make_lines("""
alabama, alaska, arizona, arkansas, california, colorado, connecticut, delaware, florida, georgia
hawaii, idaho, illinois, indiana, iowa, kansas, kentucky, louisiana, maine, maryland
massachusetts, michigan, minnesota, mississippi, missouri, montana, nebraska, nevada
new hampshire, new jersey, new mexico, new york, north carolina, north dakota, ohio, oklahoma
oregon, pennsylvania, rhode island, south carolina, south dakota, tennessee, texas, utah, vermont
virginia, washington, west virginia, wisconsin, wyoming, district of columbia
""")
CURRENCIES: Final = _words("""
aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd btn bwp byn
bzd cad cdf chf clp cny cop crc cup cve czk djf dkk dop dzd egp ern etb eur fjd fkp gbp gel ghs
gip gmd gnf gtq gyd hkd hnl hrk htg huf idr ils inr iqd irr isk jmd jod jpy kes kgs khr kmf kpw
krw kwd kyd kzt lak lbp lkr lrd lsl lyd mad mdl mga mkd mmk mnt mop mru mur mvr mwk mxn myr mzn
nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sdg sek
sgd shp sll sos srd ssp stn svc syp szl thb tjs tmt tnd top try ttd twd tzs uah ugx usd uyu uzs
ves vnd vuv wst xaf xcd xof xpf yer zar zmw zwl
""")
COUNTRY_CODES_2: Final = _words("""
ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bl bm bn bo bq br bs bt
bv bw by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg eh
er es et fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht
hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls
lt lu lv ly ma mc md me mf mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni
nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg
sh si sj sk sl sm sn so sr ss st sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug
um us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw
""")
COUNTRY_CODES_3: Final = _words("""
abw afg ago aia ala alb and are arg arm asm ata atf atg aus aut aze bdi bel ben bes bfa bgd bgr bhr
bhs bih blm blr blz bmu bol bra brb brn btn bvt bwa caf can cck che chl chn civ cmr cod cog cok col
com cpv cri cub cuw cxr cym cyp cze deu dji dma dnk dom dza ecu egy eri esh esp est eth fin fji flk
fra fro fsm gab gbr geo ggy gha gib gin glp gmb gnb gnq grc grd grl gtm guf gum guy hkg hmd hnd hrv
hti hun idn imn ind iot irl irn irq isl isr ita jam jey jor jpn kaz ken kgz khm kir kna kor kwt lao
lbn lbr lby lca lie lka lso ltu lux lva mac maf mar mco mda mdg mdv mex mhl mkd mli mlt mmr mne mng
mnp moz mrt msr mtq mus mwi mys myt nam ncl ner nfk nga nic niu nld nor npl nru nzl omn pak pan pcn
per phl plw png pol pri prk prt pry pse pyf qat reu rou rus rwa sau sdn sen sgp sgs shn sjm slb sle
slv smr som spm srb ssd stp sur svk svn swe swz sxm syc syr tca tcd tgo tha tjk tkm tkl tls ton tto
tun tur tuv twn tza uga ukr umi ury usa uzb vat vct ven vgb vir vnm vut wlf wsm yem zaf zmb zwe
""")
LANGUAGES: Final = _words("""
aa ab af am ar as ay az ba be bg bn bo br bs ca co cs cy da de dz el en eo es et eu fa fi fj fo fr
fy ga gd gl gn gu ha he hi hr hu hy ia id is it ja jv ka kk kl km kn ko ku ky la lb ln lo lt lv mg
mi mk ml mn mr ms mt my na nb ne nl nn no oc or pa pl ps pt qu rm ro ru rw sa sd si sk sl sm sn so
sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt ug uk ur uz vi wo xh yi yo zh zu
""")
