/** What every floor needs: errors, the layer type, progress and cancellation, provenance. */
@NullMarked
package org.alignment4j.core;

import org.jspecify.annotations.NullMarked;
