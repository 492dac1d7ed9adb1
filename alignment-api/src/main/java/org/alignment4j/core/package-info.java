/** Types that all packages use: exceptions, the layer index, progress and provenance. */
@NullMarked
package org.alignment4j.core;

import org.jspecify.annotations.NullMarked;
