package org.alignment4j.data.moral;

/**
 * One item of an experiment, as its scores see it.
 *
 * @param id unique in the experiment
 * @param category the category it is scored in; a stratum of the bootstrap
 * @param cluster what is drawn as a whole in the bootstrap, unique in its category
 * @param kind items of one category and kind can stand in for each other in a subset
 * @param weight how many rows of the data it stands for
 * @param reference a number to compare with, such as a share of women; NaN for none
 */
record MoralItem(
    String id, String category, String cluster, String kind, double weight, double reference) {}
