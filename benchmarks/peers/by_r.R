# R's side of each measurement: Rscript by_r.R TASK ROWS [FILE] [DOMAINS]
# Peak memory is taken by the caller, for the process as a whole.
suppressPackageStartupMessages(library(data.table))
setDTthreads(0)
arguments <- commandArgs(trailingOnly = TRUE)
task <- arguments[1]
rows <- as.integer(arguments[2])

timed <- function(call) as.numeric(system.time(call())["elapsed"])

say <- function(cold, warm, check, note = "") {
  cat(sprintf('{"cold": %.6f, "warm": %.6f, "once": %s, "note": "%s", "check": [%s]}\n',
              cold, warm, if (warm == cold) "true" else "false", note,
              paste(sprintf("%.15g", check), collapse = ", ")))
}

measured <- function(call, check, part = 1, note = "") {
  cold <- timed(call)
  warm <- if (cold > 15) cold else median(replicate(3, timed(call)))
  say(cold / part, warm / part, check, note)
}

if (task == "draw") {
  set.seed(832)
  counties <- 832L
  share <- rlnorm(counties, 0, 0.6)
  register <- data.table(
    household = sample.int(rows), county = sample.int(counties, rows, TRUE, share),
    village = sample.int(20000L, rows, TRUE), persons = sample.int(8L, rows, TRUE),
    income = runif(rows) * 40000, land = runif(rows), distance = runif(rows))
  held <- register[, .N, keyby = county]$N
  exact <- 30000 * sqrt(held) / sum(sqrt(held))
  size <- floor(exact)
  more <- order(size - exact)[seq_len(30000 - sum(size))]
  size[more] <- size[more] + 1
  draw <- function() {
    register[register[, .I[sample.int(.N, size[.BY[[1]]])], by = county]$V1]
  }
  measured(draw, c(nrow(draw()), uniqueN(draw()$county)))
} else {
  suppressPackageStartupMessages(library(survey))
  data <- as.data.frame(fread(arguments[3]))
  design <- svydesign(id = ~psu, strata = ~county, weights = ~weight, data = data)
  overall <- function() svyciprop(~poor, design, method = "beta")
  if (task == "proportion" && arguments[4] == "all") {
    found <- overall()
    measured(overall, c(as.numeric(found), as.numeric(SE(found))))
  } else if (task == "proportion") {
    # A few domains stand for all: each costs the same.
    few <- 8L
    domain <- data[[arguments[4]]]
    some <- function() {
      for (place in sort(unique(domain))[seq_len(few)]) {
        suppressWarnings(try(svyciprop(~poor, subset(design, domain == place), method = "beta"),
                             silent = TRUE))
      }
    }
    measured(some, numeric(0), few / length(unique(domain)),
             sprintf("from %d domains", few))
  } else {
    # Ten replicates stand for 500, eight counties for all.
    few <- 8L
    made <- 0
    make <- function() {
      made <<- as.svrepdesign(design, type = "subbootstrap", replicates = 10)
    }
    create <- timed(make) * 50
    some <- function() {
      for (place in seq_len(few) - 1) svymean(~poor, subset(made, county == place))
    }
    estimate <- timed(some) * 832 / few
    say(create + estimate, create + estimate, numeric(0),
        sprintf("from 10 replicates, %d domains", few))
  }
}
