package org.alignment4j.rahf;

import org.alignment4j.chat.Encoded;

/**
 * One response under the three conditions of step 2: without an instruction, and under the good and
 * the bad one; where the conditions are adapters, all three are the same.
 *
 * @param number index of the row, by which its target is found
 */
record FitRow(int number, Encoded plain, Encoded good, Encoded bad) {}
