/** What tuning leaves behind, as immutable values in files that others can read. */
@NullMarked
package org.alignment4j.adapter;

import org.jspecify.annotations.NullMarked;
