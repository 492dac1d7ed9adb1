/** Adapters: the immutable results of tuning, stored in files that other programs can read. */
@NullMarked
package org.alignment4j.adapter;

import org.jspecify.annotations.NullMarked;
