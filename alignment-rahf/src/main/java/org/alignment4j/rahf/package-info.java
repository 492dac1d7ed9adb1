/** Representation alignment from human feedback (RAHF). Nothing is implemented here yet. */
@NullMarked
package org.alignment4j.rahf;

import org.jspecify.annotations.NullMarked;
