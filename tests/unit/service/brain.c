/* SPDX-License-Identifier: Apache-2.0 */
/* Stories about services in exact virtual milliseconds: see scenario.h for the language. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "scenario.h"
#include "service/brain.h"

static const char *const stories[][2] = {
	{ "the first rise announces at once, whatever hold-down says",
		"0 service dns check=a check=b hold_down=5000 address_delay=2000\n"
		"0 expect dns init address\n"
		"10 check dns a rising\n"
		"10 expect dns init address\n"
		"11 check dns b rising\n"
		"11 expect dns rising address\n"
		"20 check dns a up\n"
		"20 expect dns rising address\n"
		"21 check dns b up\n"
		"21 expect dns up address announce\n"
		"21 reason dns all checks are good\n"
		"21 deadline never\n" },
	{ "a start with the service not there yet is still a first rise",
		"0 service dns check=a hold_down=5000\n"
		"10 check dns a down !\n"
		"10 expect dns down address\n"
		"20 check dns a rising\n"
		"20 expect dns rising address\n"
		"30 check dns a up\n"
		"30 expect dns up address announce\n"
		"30 flaps dns 0\n" },
	{ "no checks: up at once, and never anything else",
		"0 service dns hold_down=5000\n"
		"0 expect dns up address announce\n"
		"0 reason dns no checks\n"
		"5 lost\n"
		"5 expect dns up address announce\n" },
	{ "falling is still announced; down is withdrawn and keeps its address",
		"0 service dns check=a\n"
		"0 check dns a up\n"
		"100 check dns a falling\n"
		"100 expect dns falling address announce\n"
		"100 reason dns check a fails\n"
		"300 check dns a down\n"
		"300 expect dns down address\n"
		"300 reason dns check a is down\n"
		"300 flaps dns 1\n"
		"300 healthy dns no\n"
		"900000 expect dns down address\n" },
	{ "a fall that does not happen changes nothing",
		"0 service dns check=a hold_down=5000\n"
		"0 check dns a up\n"
		"100 check dns a falling\n"
		"300 check dns a up\n"
		"300 expect dns up address announce\n"
		"300 flaps dns 0\n" },
	{ "a conclusive failure is down at once", "0 service dns check=a check=b\n"
						  "0 check dns a up\n"
						  "0 check dns b up\n"
						  "7 check dns a down !\n"
						  "7 expect dns down address\n" },
	{ "hold-down on every return but the first", "0 service dns check=a hold_down=5000\n"
						     "0 check dns a up\n"
						     "100 check dns a down\n"
						     "1000 check dns a rising\n"
						     "1000 expect dns rising address\n"
						     "1400 check dns a up\n"
						     "1400 expect dns rising address\n"
						     "1400 reason dns hold-down\n"
						     "1400 deadline 6400\n"
						     "6399 expect dns rising address\n"
						     "6400 expect dns up address announce\n" },
	{ "a failure during hold-down starts it again; a single bad result does not",
		"0 service dns check=a hold_down=5000\n"
		"0 check dns a up\n"
		"100 check dns a down\n"
		"1000 check dns a up\n"
		"3000 check dns a down\n"
		"3000 expect dns down address\n"
		"4000 check dns a up\n"
		"5000 check dns a falling\n"
		"5000 expect dns rising address\n"
		"5200 check dns a up\n"
		"8999 expect dns rising address\n"
		"9000 expect dns up address announce\n" },
	{ "hold-down that ends while a result is bad waits for the good one",
		"0 service dns check=a hold_down=5000\n"
		"0 check dns a up\n"
		"100 check dns a down\n"
		"1000 check dns a up\n"
		"5900 check dns a falling\n"
		"6000 expect dns rising address\n"
		"6000 deadline never\n"
		"6100 check dns a up\n"
		"6100 expect dns up address announce\n" },
	{ "degraded is announced with other attributes, also while it falls",
		"0 service dns check=a\n"
		"0 check dns a degraded\n"
		"0 expect dns degraded address announce degraded\n"
		"0 healthy dns yes\n"
		"10 check dns a falling\n"
		"10 expect dns falling address announce degraded\n"
		"20 check dns a up\n"
		"20 expect dns up address announce\n"
		"30 check dns a falling\n"
		"30 expect dns falling address announce\n" },
	{ "degraded can mean withdraw, and that is a fall like any other",
		"0 service dns check=a degraded_withdraw=1 hold_down=1000\n"
		"0 check dns a up\n"
		"10 check dns a degraded\n"
		"10 expect dns degraded address\n"
		"10 flaps dns 1\n"
		"20 check dns a falling\n"
		"20 expect dns falling address\n"
		"30 check dns a up\n"
		"30 expect dns rising address\n"
		"1029 expect dns rising address\n"
		"1030 expect dns up address announce\n" },
	{ "a check that only degrades never takes down, and never announces by itself",
		"0 service dns check=a check=b~\n"
		"0 check dns b down !\n"
		"0 expect dns init address\n"
		"1 check dns a up\n"
		"1 expect dns degraded address announce degraded\n"
		"1 reason dns check b\n"
		"2 check dns b rising\n"
		"2 expect dns degraded address announce degraded\n"
		"3 check dns b up\n"
		"3 expect dns up address announce\n"
		"4 check dns b falling\n"
		"4 expect dns up address announce\n"
		"5 check dns b unknown\n"
		"5 expect dns up address announce\n" },
	{ "nothing is announced that was never good",
		"0 service dns check=b~\n"
		"0 check dns b down\n"
		"0 expect dns init address\n"
		"0 reason dns has not been good\n"
		"1 check dns b up\n"
		"1 expect dns up address announce\n"
		"2 check dns b down\n"
		"2 expect dns degraded address announce degraded\n" },
	{ "any: one good is enough; a rising one does not hold what falls",
		"0 service dns check=g:any check=a@g check=b@g\n"
		"0 check dns a up\n"
		"0 expect dns up address announce\n"
		"0 checkstate dns g up\n"
		"1 check dns b down !\n"
		"1 expect dns up address announce\n"
		"2 check dns b rising\n"
		"3 check dns a down !\n"
		"3 expect dns down address\n"
		"3 reason dns check a is down\n"
		"3 checkstate dns g rising\n"
		"4 check dns b up\n"
		"4 expect dns up address announce\n" },
	{ "all inside any, and the leaf that decides is named",
		"0 service dns check=g:any check=h@g:all check=a@h check=b@h check=c@g\n"
		"0 check dns a up\n"
		"0 check dns b up\n"
		"0 check dns c down !\n"
		"0 expect dns up address announce\n"
		"1 check dns b down !\n"
		"1 expect dns down address\n"
		"1 checkstate dns h down\n"
		"1 reason dns check b is down\n" },
	{ "weights: enough is enough, and less can be degraded",
		"0 service dns check=a*2 check=b check=c minimum=3 degraded=2\n"
		"0 check dns a up\n"
		"0 expect dns init address\n"
		"0 check dns b down !\n"
		"0 check dns c down !\n"
		"0 expect dns degraded address announce degraded\n"
		"1 check dns b up\n"
		"1 expect dns up address announce\n"
		"1 reason dns good checks weigh 3, enough for 3\n"
		"2 check dns b falling\n"
		"2 expect dns falling address announce\n"
		"3 check dns b down\n"
		"3 expect dns degraded address announce degraded\n"
		"3 reason dns good checks weigh 2, below 3\n"
		"4 check dns a down !\n"
		"4 expect dns down address\n" },
	{ "the checker is lost: the intent stands for the hold and, with keep, after it",
		"0 service dns check=a unknown_hold=60000\n"
		"0 check dns a up\n"
		"100 lost\n"
		"100 expect dns unknown address announce\n"
		"100 reason dns the checker is gone: killed by signal 9\n"
		"100 checkstate dns a unknown\n"
		"100 healthy dns yes\n"
		"100 deadline never\n"
		"900000 expect dns unknown address announce\n"
		"900001 back\n"
		"900001 expect dns unknown address announce\n"
		"900001 reason dns has said nothing\n"
		"900002 check dns a rising\n"
		"900002 expect dns up address announce\n"
		"900002 flaps dns 0\n" },
	{ "the checker is lost: withdraw after the hold, if so configured",
		"0 service dns check=a unknown_hold=60000 unknown_after=withdraw hold_down=1000\n"
		"0 check dns a up\n"
		"100 lost\n"
		"100 deadline 60100\n"
		"60099 expect dns unknown address announce\n"
		"60100 expect dns unknown address\n"
		"60100 deadline never\n"
		"70000 back\n"
		"70000 expect dns unknown address\n"
		"70100 check dns a up\n"
		"70100 expect dns rising address\n"
		"71099 expect dns rising address\n"
		"71100 expect dns up address announce\n"
		"71100 flaps dns 0\n" },
	{ "down before the checker was lost stays withdrawn", "0 service dns check=a\n"
							      "0 check dns a up\n"
							      "1 check dns a down !\n"
							      "2 lost\n"
							      "2 expect dns unknown address\n"
							      "3 back\n"
							      "4 check dns a down !\n"
							      "4 expect dns down address\n"
							      "4 flaps dns 1\n" },
	{ "a checker that came back waits for a word of each check that matters",
		"0 service dns check=a check=b\n"
		"0 check dns a up\n"
		"0 check dns b up\n"
		"1 lost\n"
		"2 back\n"
		"3 check dns a init\n"
		"3 expect dns unknown address announce\n"
		"4 check dns a rising\n"
		"4 expect dns unknown address announce\n"
		"5 check dns b rising\n"
		"5 expect dns up address announce\n"
		"6 check dns a up\n"
		"6 expect dns up address announce\n" },
	{ "the first bad word of a new checker has to be said twice, unless it is conclusive",
		"0 service dns check=a\n"
		"0 check dns a up\n"
		"1 lost\n"
		"2 back\n"
		"3 check dns a down\n"
		"3 expect dns falling address announce\n"
		"4 check dns a down\n"
		"4 expect dns down address\n"
		"5 check dns a up\n"
		"5 expect dns up address announce\n"
		"6 lost\n"
		"7 back\n"
		"8 check dns a down !\n"
		"8 expect dns down address\n" },
	{ "a check that cannot be run is unknown, not down; another that is down decides",
		"0 service dns check=a check=b unknown_hold=1000 unknown_after=withdraw\n"
		"0 check dns a up\n"
		"0 check dns b up\n"
		"10 check dns a unknown\n"
		"10 expect dns unknown address announce\n"
		"10 reason dns check a cannot be run\n"
		"500 check dns a up\n"
		"500 expect dns up address announce\n"
		"600 check dns a unknown\n"
		"1599 expect dns unknown address announce\n"
		"1600 expect dns unknown address\n"
		"1700 check dns b down\n"
		"1700 expect dns down address\n" },
	{ "a service that nobody ever saw is not announced because nobody sees it",
		"0 lost\n"
		"0 service dns check=a\n"
		"0 expect dns unknown address\n"
		"1 back\n"
		"2 check dns a unknown\n"
		"2 expect dns unknown address\n" },
	{ "a drain goes its steps, and the address goes last",
		"0 service dns check=a graceful=1 graceful_time=10000 prepend=3 prepend_time=5000 "
		"wait=2000 address_delay=2000 hold_down=5000\n"
		"0 check dns a up\n"
		"1000 drain dns\n"
		"1000 expect dns draining address announce graceful\n"
		"1000 step dns graceful\n"
		"1000 reason dns drained: by hand\n"
		"1000 persists 1\n"
		"10999 step dns graceful\n"
		"11000 step dns prepend\n"
		"11000 expect dns draining address announce graceful prepend=3\n"
		"15999 step dns prepend\n"
		"16000 step dns wait\n"
		"16000 expect dns draining address announce graceful prepend=3\n"
		"17999 expect dns draining address announce graceful prepend=3\n"
		"18000 step dns withdrawn\n"
		"18000 expect dns draining address\n"
		"19999 expect dns draining address\n"
		"20000 step dns removed\n"
		"20000 expect dns draining\n"
		"20000 deadline never\n"
		"20500 check dns a down !\n"
		"20500 expect dns draining\n"
		"20500 healthy dns no\n"
		"20500 flaps dns 0\n" },
	{ "return: address, two new words, hold-down, announce",
		"0 service dns check=a address_delay=2000 hold_down=5000\n"
		"0 check dns a up\n"
		"1000 drain dns\n"
		"1000 step dns withdrawn\n"
		"1000 expect dns draining address\n"
		"3000 expect dns draining\n"
		"4000 undrain dns\n"
		"4000 persists 2\n"
		"4000 reason dns check a has no result yet since the address came back\n"
		"4000 expect dns rising address\n"
		"4100 check dns a up\n"
		"4100 expect dns rising address\n"
		"4200 check dns a up\n"
		"4200 expect dns rising address\n"
		"4200 deadline 9200\n"
		"9199 expect dns rising address\n"
		"9200 expect dns up address announce\n"
		"9200 flaps dns 0\n" },
	{ "undrain before the address is gone needs one new word",
		"0 service dns check=a address_delay=2000\n"
		"0 check dns a up\n"
		"1000 drain dns\n"
		"1500 undrain dns\n"
		"1500 expect dns rising address\n"
		"1600 check dns a up\n"
		"1600 expect dns up address announce\n" },
	{ "undrain before the withdrawal just takes the signs back",
		"0 service dns check=a graceful=1 graceful_time=10000 address_delay=2000 "
		"hold_down=5000\n"
		"0 check dns a up\n"
		"1000 drain dns\n"
		"1500 undrain dns\n"
		"1500 expect dns up address announce\n"
		"1500 step dns none\n"
		"1500 deadline never\n" },
	{ "a drain of what is down goes straight to withdrawn",
		"0 service dns check=a graceful=1 graceful_time=10000 address_delay=2000\n"
		"0 check dns a down !\n"
		"1000 drain dns\n"
		"1000 step dns withdrawn\n"
		"3000 step dns removed\n" },
	{ "what falls during a drain is withdrawn at once",
		"0 service dns check=a graceful=1 graceful_time=10000 address_delay=2000\n"
		"0 check dns a up\n"
		"1000 drain dns\n"
		"2000 check dns a down !\n"
		"2000 expect dns draining address\n"
		"2000 step dns withdrawn\n"
		"4000 step dns removed\n" },
	{ "a drain goes on without a checker",
		"0 service dns check=a graceful=1 graceful_time=10000 address_delay=2000\n"
		"0 check dns a up\n"
		"1000 drain dns\n"
		"1001 lost\n"
		"1001 expect dns draining address announce graceful\n"
		"11000 expect dns draining address\n"
		"13000 expect dns draining\n"
		"14000 undrain dns\n"
		"14000 expect dns unknown address\n"
		"15000 back\n"
		"15001 check dns a up\n"
		"15001 expect dns up address announce\n" },
	{ "a restored drain never announces, not even without checks",
		"0 service dns address_delay=2000\n"
		"0 restore dns\n"
		"0 expect dns draining\n"
		"0 step dns removed\n"
		"0 persists 0\n"
		"2000 expect dns draining\n"
		"3000 undrain dns\n"
		"3000 expect dns up address announce\n" },
	{ "a first rise after a restored drain needs no hold-down",
		"0 service dns check=a address_delay=2000 hold_down=5000\n"
		"0 restore dns\n"
		"100 check dns a up\n"
		"100 expect dns draining\n"
		"2500 undrain dns\n"
		"2600 check dns a up\n"
		"2700 check dns a up\n"
		"2700 expect dns up address announce\n" },
	{ "maintenance from the start: no address at all",
		"0 service dns check=a maintenance=1 address_delay=2000\n"
		"0 expect dns maintenance\n"
		"0 check dns a up\n"
		"0 expect dns maintenance\n"
		"10 service dns check=a address_delay=2000\n"
		"10 expect dns rising address\n"
		"20 check dns a up\n"
		"20 expect dns rising address\n"
		"30 check dns a up\n"
		"30 expect dns up address announce\n" },
	{ "maintenance by a reload withdraws at once and keeps the address for its delay",
		"0 service dns check=a address_delay=2000\n"
		"0 check dns a up\n"
		"1000 service dns check=a address_delay=2000 maintenance=1\n"
		"1000 expect dns maintenance address\n"
		"2999 expect dns maintenance address\n"
		"3000 expect dns maintenance\n"
		"3000 deadline never\n" },
	{ "damping: the third fall holds, the penalty decays, and it is released",
		"0 service dns check=a damping=1 penalty=1000 suppress=2500 reuse=1500 "
		"half_life=60000 suppress_maximum=600000\n"
		"0 check dns a up\n"
		"10 check dns a down !\n"
		"20 check dns a up\n"
		"20 expect dns up address announce\n"
		"30 check dns a down !\n"
		"40 check dns a up\n"
		"40 expect dns up address announce\n"
		"50 check dns a down !\n"
		"60 check dns a up\n"
		"60 expect dns held address\n"
		"60 healthy dns yes\n"
		"60 flaps dns 3\n"
		/* log2(3000 / 1500) half-lives after the last fall, less what had decayed */
		"60000 expect dns held address\n"
		"60051 expect dns up address announce\n" },
	{ "damping never holds longer than its maximum, whatever falls meanwhile",
		"0 service dns check=a damping=1 penalty=1000 suppress=1000 reuse=500 "
		"half_life=60000 suppress_maximum=90000\n"
		"0 check dns a up\n"
		"10 check dns a down !\n"
		"20 check dns a up\n"
		"20 expect dns held address\n"
		"30 check dns a down !\n"
		"30 expect dns down address\n"
		"40 check dns a up\n"
		"40 expect dns held address\n"
		"50 check dns a down !\n"
		"60 check dns a up\n"
		"60 flaps dns 3\n"
		"60 deadline 90010\n"
		"90009 expect dns held address\n"
		"90010 expect dns up address announce\n" },
	{ "hold-down and damping run at the same time",
		"0 service dns check=a damping=1 penalty=1000 suppress=1000 reuse=500 "
		"half_life=60000 suppress_maximum=3000 hold_down=5000\n"
		"0 check dns a up\n"
		"10 check dns a down !\n"
		"20 check dns a up\n"
		"20 expect dns held address\n"
		"3009 expect dns held address\n"
		"3010 expect dns rising address\n"
		"5019 expect dns rising address\n"
		"5020 expect dns up address announce\n" },
	{ "damping that a reload switches off lets go",
		"0 service dns check=a damping=1 penalty=1000 suppress=1000 reuse=500 "
		"half_life=60000 suppress_maximum=90000\n"
		"0 check dns a up\n"
		"10 check dns a down !\n"
		"20 check dns a up\n"
		"20 expect dns held address\n"
		"30 service dns check=a\n"
		"30 expect dns up address announce\n" },
	{ "panic: all of two services at once is doubted, then believed",
		"0 panic 100 100 5000\n"
		"0 service dns check=a\n"
		"0 service web check=b\n"
		"0 check dns a up\n"
		"0 check web b up\n"
		"1000 check dns a falling\n"
		"1000 suspected no\n"
		"1100 check web b falling\n"
		"1100 suspected yes\n"
		"1100 reason web 2 of 2 checks of 2 services failed\n"
		"1200 check dns a down\n"
		"1300 check web b down\n"
		"1300 expect dns falling address announce\n"
		"1300 expect web falling address announce\n"
		"6099 expect web falling address announce\n"
		"6100 suspected no\n"
		"6100 expect dns down address\n"
		"6100 expect web down address\n" },
	{ "panic: not at once, not doubted", "0 panic 100 100 5000\n"
					     "0 service dns check=a\n"
					     "0 service web check=b\n"
					     "0 check dns a up\n"
					     "0 check web b up\n"
					     "1000 check dns a falling\n"
					     "1101 check web b falling\n"
					     "1101 suspected no\n"
					     "1200 check dns a down\n"
					     "1200 expect dns down address\n" },
	{ "panic: what the kernel says is never doubted", "0 panic 100 100 5000\n"
							  "0 service dns check=a\n"
							  "0 service web check=b\n"
							  "0 check dns a up\n"
							  "0 check web b up\n"
							  "1000 check dns a down !\n"
							  "1000 check web b down !\n"
							  "1000 suspected no\n"
							  "1000 expect dns down address\n"
							  "1000 expect web down address\n" },
	{ "panic: a doubt ends where the kernel speaks",
		"0 panic 100 100 5000\n"
		"0 service dns check=a\n"
		"0 service web check=b\n"
		"0 check dns a up\n"
		"0 check web b up\n"
		"1000 check dns a falling\n"
		"1000 check web b falling\n"
		"1000 suspected yes\n"
		"2000 check web b down !\n"
		"2000 expect web down address\n"
		"2000 expect dns falling address announce\n"
		"3000 check dns a up\n"
		"3000 expect dns up address announce\n"
		"3000 suspected no\n" },
	{ "panic: one service alone is never delayed", "0 panic 100 100 5000\n"
						       "0 service dns check=a check=b\n"
						       "0 check dns a up\n"
						       "0 check dns b up\n"
						       "1000 check dns a falling\n"
						       "1000 check dns b falling\n"
						       "1000 suspected no\n"
						       "1200 check dns a down\n"
						       "1200 expect dns down address\n" },
	{ "panic: the share counts over services that were healthy",
		"0 panic 60 100 5000\n"
		"0 service dns check=a\n"
		"0 service web check=b check=c\n"
		"0 service old check=d check=e\n"
		"0 check dns a up\n"
		"0 check web b up\n"
		"0 check web c up\n"
		"0 check old d down !\n"
		"1000 check dns a falling\n"
		"1000 suspected no\n"
		"1000 check web b falling\n"
		"1000 suspected yes\n" },
	{ "panic: a service that went down in the window still counts, and stays withdrawn",
		"0 panic 100 100 5000\n"
		"0 service dns check=a\n"
		"0 service web check=b\n"
		"0 check dns a up\n"
		"0 check web b up\n"
		"1000 check dns a down\n"
		"1000 expect dns down address\n"
		"1001 check web b down\n"
		"1001 suspected yes\n"
		"1001 expect web falling address announce\n"
		"1001 expect dns down address\n"
		"6001 expect web down address\n" },
	{ "panic: the same again within the hold is believed", "0 panic 100 100 5000\n"
							       "0 service dns check=a\n"
							       "0 service web check=b\n"
							       "0 check dns a up\n"
							       "0 check web b up\n"
							       "1000 check dns a falling\n"
							       "1000 check web b falling\n"
							       "1000 suspected yes\n"
							       "1100 check dns a up\n"
							       "1100 check web b up\n"
							       "1100 suspected no\n"
							       "2000 check dns a falling\n"
							       "2000 check web b falling\n"
							       "2000 suspected no\n"
							       "6200 check dns a up\n"
							       "6200 check web b up\n"
							       "6300 check dns a falling\n"
							       "6300 check web b falling\n"
							       "6300 suspected yes\n" },
	{ "a reload that changes nothing is not seen",
		"0 service dns check=a check=b hold_down=5000\n"
		"0 check dns a up\n"
		"0 check dns b up\n"
		"0 events 1\n"
		"10 service dns check=b check=a hold_down=5000\n"
		"10 expect dns up address announce\n"
		"10 events 1\n"
		"20 check dns a down !\n"
		"20 expect dns down address\n"
		"20 reason dns check a is down\n" },
	{ "a check that a reload adds changes nothing before its first result",
		"0 service dns check=a\n"
		"0 check dns a up\n"
		"10 service dns check=a check=b\n"
		"10 expect dns up address announce\n"
		"20 check dns b rising\n"
		"20 expect dns up address announce\n"
		"30 check dns b up\n"
		"30 expect dns up address announce\n"
		"40 check dns b down !\n"
		"40 expect dns down address\n" },
	{ "and its first bad one has to be said twice",
		"0 service dns check=a\n"
		"0 check dns a up\n"
		"10 service dns check=a check=b\n"
		"20 check dns b down\n"
		"20 expect dns falling address announce\n"
		"30 check dns b down\n"
		"30 expect dns down address\n"
		"40 service dns check=a\n"
		"40 expect dns up address announce\n" },
	{ "a reload keeps a drain where it stands",
		"0 service dns check=a graceful=1 graceful_time=10000\n"
		"0 check dns a up\n"
		"1000 drain dns\n"
		"2000 service dns check=a graceful=1 graceful_time=4000\n"
		"2000 expect dns draining address announce graceful\n"
		"2000 deadline 5000\n"
		"5000 expect dns draining\n" },
	{ "a prober that begins anew under a reload does not withdraw",
		"0 service dns check=a\n"
		"0 check dns a up\n"
		"10 check dns a init\n"
		"10 expect dns unknown address announce\n"
		"20 check dns a rising\n"
		"20 expect dns up address announce\n" },
};

static void test_story(void **state)
{
	scenario_run(*state);
}

static size_t removed_calls;
static struct intent last_intent;

static void on_intent(
	void *context, size_t service, const struct intent *intent, const char *reason)
{
	(void)context;
	(void)service;
	assert_true(reason[0] != '\0');
	last_intent = *intent;
	removed_calls++;
}

static void on_changed(void *context, const struct service_change *change)
{
	(void)context;
	(void)change;
}

static void on_persist(void *context)
{
	(*(int *)context)++;
}

static void on_suspect(void *context, bool suspected, const char *reason)
{
	(void)context;
	(void)suspected;
	(void)reason;
}

static const struct instant t0 = { 1000000000 };

static struct brain *brain_make(int *persists)
{
	const struct brain_settings settings = { 0 };
	const struct brain_sink sink = { persists, on_intent, on_changed, on_persist,
		on_suspect };

	return brain_new(&settings, &sink);
}

/* Removal: the intent becomes nothing, the index is free, and a forgotten drain is persisted.
 */
static void test_remove(void **state)
{
	int persists = 0;
	struct brain *brain = brain_make(&persists);
	struct brain_service_settings settings = { .name = "dns" };
	struct service_view view;
	size_t index, again;

	(void)state;
	assert_int_equal(brain_service_set(brain, &settings, t0, &index), 0);
	brain_tick(brain, t0);
	assert_true(last_intent.announce);
	assert_int_equal(brain_drain(brain, index, "", t0), 0);
	assert_int_equal(brain_drain(brain, index, "", t0), ERROR_STATE);
	assert_int_equal(persists, 1);
	removed_calls = 0;
	assert_int_equal(brain_service_remove(brain, index, t0), 0);
	assert_int_equal(removed_calls, 1);
	assert_false(last_intent.address);
	assert_false(last_intent.announce);
	assert_int_equal(persists, 2);
	assert_int_equal(brain_service_remove(brain, index, t0), ERROR_NOT_FOUND);
	assert_int_equal(brain_undrain(brain, index, t0), ERROR_NOT_FOUND);
	assert_false(brain_service_view(brain, index, &view));
	assert_int_equal(brain_service_set(brain, &settings, t0, &again), 0);
	assert_int_equal(again, index);
	assert_int_equal(brain_undrain(brain, again, t0), ERROR_STATE);
	brain_free(brain);
	brain_free(NULL);
}

static void test_broken_trees(void **state)
{
	static const struct {
		struct brain_check_settings checks[2];
		size_t count;
		int error;
	} cases[] = {
		{ { { .name = "g", .kind = CHECK_KIND_ALL, .parent = -1 } }, 1,
			ERROR_MALFORMED },
		{ { { .name = "a", .parent = 0 } }, 1, ERROR_MALFORMED },
		{ { { .name = "a", .parent = -2 } }, 1, ERROR_MALFORMED },
		{ { { .name = "a", .parent = -1 }, { .name = "b", .parent = 0 } }, 2,
			ERROR_MALFORMED },
		{ { { .name = "g", .kind = CHECK_KIND_ANY, .parent = -1 },
			  { .name = "b", .parent = 0 } },
			2, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int persists = 0;
		struct brain *brain = brain_make(&persists);
		struct brain_service_settings settings = {
			.name = "dns",
			.checks = cases[i].checks,
			.check_count = cases[i].count,
		};
		size_t index;

		assert_int_equal(
			brain_service_set(brain, &settings, t0, &index), cases[i].error);
		assert_int_equal(
			brain_service_find(brain, "dns"), cases[i].error == 0 ? 0 : SIZE_MAX);
		brain_free(brain);
	}
}

static void test_limits(void **state)
{
	int persists = 0;
	struct brain *brain = brain_make(&persists);
	struct brain_check_settings checks[BRAIN_CHECKS_MAX + 1];
	struct brain_service_settings settings = { .checks = checks };
	size_t index;

	(void)state;
	for (size_t i = 0; i <= BRAIN_CHECKS_MAX; i++)
		checks[i] = (struct brain_check_settings){ .parent = -1 };
	settings.check_count = BRAIN_CHECKS_MAX + 1;
	assert_int_equal(brain_service_set(brain, &settings, t0, &index), ERROR_FULL);
	settings.check_count = BRAIN_CHECKS_MAX;
	for (int i = 0; i <= BRAIN_SERVICES_MAX; i++) {
		(void)snprintf(settings.name, sizeof(settings.name), "s%d", i);
		assert_int_equal(brain_service_set(brain, &settings, t0, &index),
			i < BRAIN_SERVICES_MAX ? 0 : ERROR_FULL);
	}
	/* Words about what is not there are ignored. */
	brain_check(brain, 5000, 0, CHECK_STATE_UP, false, "", t0);
	brain_check(brain, 0, BRAIN_CHECKS_MAX, CHECK_STATE_UP, false, "", t0);
	brain_free(brain);
}

#define STORIES (sizeof(stories) / sizeof(stories[0]))

int main(void)
{
	struct CMUnitTest tests[STORIES + 3];

	for (size_t i = 0; i < STORIES; i++)
		tests[i] = (struct CMUnitTest){ .name = stories[i][0],
			.test_func = test_story,
			.initial_state = (void *)(uintptr_t)stories[i][1] };
	tests[STORIES] = (struct CMUnitTest)cmocka_unit_test(test_remove);
	tests[STORIES + 1] = (struct CMUnitTest)cmocka_unit_test(test_broken_trees);
	tests[STORIES + 2] = (struct CMUnitTest)cmocka_unit_test(test_limits);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
