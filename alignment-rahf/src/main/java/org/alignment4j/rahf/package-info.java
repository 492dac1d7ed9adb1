/**
 * RAHF, representation alignment from human feedback (ACL 2024), and other methods on the same
 * data: SCIT, Dual, LoRRA, DPO, supervised fine-tuning, weight extrapolation, circuit breakers and
 * LoReFT.
 */
@NullMarked
package org.alignment4j.rahf;

import org.jspecify.annotations.NullMarked;
