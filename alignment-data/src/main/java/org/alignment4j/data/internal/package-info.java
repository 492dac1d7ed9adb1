/** Text algorithms of the filters. Not for users: may change at any time. */
@NullMarked
package org.alignment4j.data.internal;

import org.jspecify.annotations.NullMarked;
