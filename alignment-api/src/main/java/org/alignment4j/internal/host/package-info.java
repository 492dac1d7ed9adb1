/** Files, native libraries, memory and cancellation. Internal: may change at any time. */
@NullMarked
package org.alignment4j.internal.host;

import org.jspecify.annotations.NullMarked;
