/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small language for stories about the brain in exact virtual milliseconds. One command a
 * line:
 *
 *     MS service NAME [KEY=VALUE]...      add or change; keys are those of scenario.c's table,
 * and check=NAME[@PARENT][:all|:any][*WEIGHT][~] (~: degrades) MS check SERVICE CHECK STATE [!]
 * a word of the prober; !: conclusive MS drain|restore|undrain|remove SERVICE MS lost | back
 * the checker MS panic PERCENT WINDOW HOLD MS expect SERVICE STATE [WORD]...   exactly this
 * state and this intent: address, announce, degraded, graceful, prepend=N MS reason SERVICE
 * TEXT...           its reason holds this text MS flaps SERVICE N | suspected yes|no | deadline
 * MS|never | step SERVICE STEP MS checkstate SERVICE CHECK STATE | healthy SERVICE yes|no |
 * events N (changes told so far)
 *
 * Time goes on by the brain's own deadlines, as in a host. An empty line and one that begins
 * with # are skipped.
 */
#ifndef NEARCAST_TESTS_SERVICE_SCENARIO_H
#define NEARCAST_TESTS_SERVICE_SCENARIO_H

/* Fails the test with the line that does not hold. */
void scenario_run(const char *story);

#endif
