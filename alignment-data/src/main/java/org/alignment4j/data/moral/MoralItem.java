package org.alignment4j.data.moral;

/**
 * One item of an experiment, with the properties that its scores use.
 *
 * @param id unique in the experiment
 * @param category the category in which it is scored; a stratum of the bootstrap
 * @param cluster the cluster that the bootstrap resamples as a whole, unique in its category
 * @param kind items of one category and kind are interchangeable in a subset
 * @param weight number of the data's rows that it represents
 * @param reference a number to compare with, such as a share of women; NaN for none
 */
record MoralItem(
    String id, String category, String cluster, String kind, double weight, double reference) {}
