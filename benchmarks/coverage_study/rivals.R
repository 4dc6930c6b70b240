# Rscript rivals.R SAMPLES LIMITS: intervals of R survey, one line per county and method.
suppressPackageStartupMessages(library(survey))
paths <- commandArgs(trailingOnly = TRUE)
psus <- read.csv(paths[1])
methods <- c("beta", "logit")
out <- vector("list", 0)
for (part in split(psus, list(psus$cell, psus$county), drop = TRUE)) {
  rows <- part[rep(seq_len(nrow(part)), part$take), c("village", "weight")]
  rows$wrong <- unlist(Map(function(y, n) rep(c(1, 0), c(y, n - y)), part$wrong, part$take))
  design <- svydesign(ids = ~village, weights = ~weight, data = rows)
  for (method in methods) {
    ends <- suppressWarnings(tryCatch(
      as.numeric(confint(svyciprop(~wrong, design, method = method))),
      error = function(e) c(NA, NA)
    ))
    out[[length(out) + 1]] <- data.frame(
      cell = part$cell[1], county = part$county[1], method = paste0("R ", method),
      lower = ends[1], upper = ends[2]
    )
  }
}
found <- do.call(rbind, out)
found$version <- paste0("survey ", packageVersion("survey"), ", ", R.version.string)
write.csv(found, paths[2], row.names = FALSE)
