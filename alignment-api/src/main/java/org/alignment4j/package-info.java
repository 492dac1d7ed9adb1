/** What a user of the library holds. */
@NullMarked
package org.alignment4j;

import org.jspecify.annotations.NullMarked;
