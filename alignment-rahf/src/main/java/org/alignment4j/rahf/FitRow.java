package org.alignment4j.rahf;

import org.alignment4j.chat.Encoded;

/**
 * One response under the three conditions of step 2: as it is, and under the good and the bad
 * instruction, which are the plain one where the conditions are adapters.
 *
 * @param number of the row, by which its target is found
 */
record FitRow(int number, Encoded plain, Encoded good, Encoded bad) {}
