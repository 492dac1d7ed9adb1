/** Data and objectives shared by several tuning methods. */
@NullMarked
package org.alignment4j.tune;

import org.jspecify.annotations.NullMarked;
