/** What the tests of several modules share. */
@NullMarked
package org.alignment4j.testing;

import org.jspecify.annotations.NullMarked;
