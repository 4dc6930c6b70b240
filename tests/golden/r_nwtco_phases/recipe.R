# Rscript recipe.R
# Two phases on the cohort of the National Wilms' Tumor Study: the institution's reading is known
# for all, the central laboratory's for the second phase. Strata of one and of several columns.
suppressPackageStartupMessages(library(survey))
rows <- read.csv("input.csv")
rows$wrong <- as.integer(rows$instit != rows$histol)
rows$bad <- as.integer(rows$histol == 2)
rows$filed <- as.integer(rows$instit == 2)
rows$group <- interaction(rows$instit, rows$rel, drop = TRUE)
rows$fine <- interaction(rows$instit, rows$rel, rows$stage > 2, drop = TRUE)
rows$high <- factor(rows$stage > 2, labels = c("low", "high"))
rows$frame <- 6000
num <- function(x) {
  text <- paste0(sprintf("%.15g", as.vector(x)), collapse = ", ")
  if (length(x) > 1) paste0("[", text, "]") else text
}
field <- function(name, x) paste0("\"", name, "\": ", num(x))
both <- function(x) c(coef(x), SE(x))
all_of <- function(strata, method, fpc = NULL) {
  two <- twophase(
    id = list(~1, ~1), strata = list(NULL, strata), fpc = list(fpc, NULL),
    subset = ~I(phase == 1), method = method, data = rows
  )
  by <- svyby(~bad, ~high, two, svymean)
  c(
    both(svymean(~bad, two)), both(svymean(~wrong, two)), both(svyratio(~bad, ~filed, two)),
    coef(by), SE(by)
  )
}
census <- rows[rows$phase == 1, ]
census$N <- ave(rows$seqno, rows$group, FUN = length)[rows$phase == 1]
strat <- svydesign(id = ~1, strata = ~group, fpc = ~N, data = census)
by <- svyby(~bad, ~high, strat, svymean)
cat("{", paste(c(
  field("group_full", all_of(~group, "full")),
  field("group_approx", all_of(~group, "approx")),
  field("fine_full", all_of(~fine, "full")),
  field("fine_approx", all_of(~fine, "approx")),
  field("fine_simple", all_of(~fine, "simple")),
  field("group_full_frame", all_of(~group, "full", ~frame)),
  field("fine_approx_frame", all_of(~fine, "approx", ~frame)),
  field("register", c(
    both(svymean(~bad, strat)), both(svymean(~wrong, strat)), both(svyratio(~bad, ~filed, strat)),
    coef(by), SE(by)
  ))
), collapse = ", "), "}\n")
