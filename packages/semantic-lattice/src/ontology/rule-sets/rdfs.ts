// RDFS entailment as rules: the patterns of RDF 1.1 Semantics (W3C Recommendation of 25 February 2014), sections 8 and 9, with their
// numbers there, and the axiomatic triples. Over generalised RDF, as the Recommendation advises: a literal may be a subject.
// The infinitely many axioms of rdf:_1, rdf:_2, … are there for those that the graph names (appendix D.1).

import { prefixes } from './prefixes.js';

/** The rules of RDFS, over `triple(subject, predicate, object)`. */
export const rdfsRules = `${prefixes}
triple(P, rdf:type, rdf:Property) :- triple(_, P, _).                                                   % rdfD2
triple(L, rdf:type, D) :- literalType(L, D).                                                            % rdfD1
triple(D, rdf:type, rdfs:Datatype) :- recognised(D).                                                    % rdfs1
triple(X, rdf:type, C) :- triple(P, rdfs:domain, C), triple(X, P, _).                                   % rdfs2
triple(Y, rdf:type, C) :- triple(P, rdfs:range, C), triple(_, P, Y).                                    % rdfs3
triple(X, rdf:type, rdfs:Resource) :- triple(X, _, _).                                                  % rdfs4a
triple(Y, rdf:type, rdfs:Resource) :- triple(_, _, Y).                                                  % rdfs4b
triple(P, rdfs:subPropertyOf, R) :- triple(P, rdfs:subPropertyOf, Q), triple(Q, rdfs:subPropertyOf, R). % rdfs5
triple(P, rdfs:subPropertyOf, P) :- triple(P, rdf:type, rdf:Property).                                  % rdfs6
triple(X, Q, Y) :- triple(P, rdfs:subPropertyOf, Q), triple(X, P, Y).                                   % rdfs7
triple(C, rdfs:subClassOf, rdfs:Resource) :- triple(C, rdf:type, rdfs:Class).                           % rdfs8
triple(X, rdf:type, D) :- triple(C, rdfs:subClassOf, D), triple(X, rdf:type, C).                        % rdfs9
triple(C, rdfs:subClassOf, C) :- triple(C, rdf:type, rdfs:Class).                                       % rdfs10
triple(C, rdfs:subClassOf, E) :- triple(C, rdfs:subClassOf, D), triple(D, rdfs:subClassOf, E).          % rdfs11
triple(P, rdfs:subPropertyOf, rdfs:member) :- triple(P, rdf:type, rdfs:ContainerMembershipProperty).    % rdfs12
triple(D, rdfs:subClassOf, rdfs:Literal) :- triple(D, rdf:type, rdfs:Datatype).                         % rdfs13

inconsistent("datatype clash", L, D) :- excluded(L, D), triple(L, rdf:type, D).
inconsistent("ill-typed literal", L, D) :- illTyped(L, D).

triple(N, rdf:type, rdfs:ContainerMembershipProperty) :- membership(N).
triple(N, rdf:type, rdf:Property) :- membership(N).
triple(N, rdfs:domain, rdfs:Resource) :- membership(N).
triple(N, rdfs:range, rdfs:Resource) :- membership(N).
triple(rdf:type, rdfs:domain, rdfs:Resource).
triple(rdfs:domain, rdfs:domain, rdf:Property).
triple(rdfs:range, rdfs:domain, rdf:Property).
triple(rdfs:subPropertyOf, rdfs:domain, rdf:Property).
triple(rdfs:subClassOf, rdfs:domain, rdfs:Class).
triple(rdf:subject, rdfs:domain, rdf:Statement).
triple(rdf:predicate, rdfs:domain, rdf:Statement).
triple(rdf:object, rdfs:domain, rdf:Statement).
triple(rdfs:member, rdfs:domain, rdfs:Resource).
triple(rdf:first, rdfs:domain, rdf:List).
triple(rdf:rest, rdfs:domain, rdf:List).
triple(rdfs:seeAlso, rdfs:domain, rdfs:Resource).
triple(rdfs:isDefinedBy, rdfs:domain, rdfs:Resource).
triple(rdfs:comment, rdfs:domain, rdfs:Resource).
triple(rdfs:label, rdfs:domain, rdfs:Resource).
triple(rdf:value, rdfs:domain, rdfs:Resource).
triple(rdf:type, rdfs:range, rdfs:Class).
triple(rdfs:domain, rdfs:range, rdfs:Class).
triple(rdfs:range, rdfs:range, rdfs:Class).
triple(rdfs:subPropertyOf, rdfs:range, rdf:Property).
triple(rdfs:subClassOf, rdfs:range, rdfs:Class).
triple(rdf:subject, rdfs:range, rdfs:Resource).
triple(rdf:predicate, rdfs:range, rdfs:Resource).
triple(rdf:object, rdfs:range, rdfs:Resource).
triple(rdfs:member, rdfs:range, rdfs:Resource).
triple(rdf:first, rdfs:range, rdfs:Resource).
triple(rdf:rest, rdfs:range, rdf:List).
triple(rdfs:seeAlso, rdfs:range, rdfs:Resource).
triple(rdfs:isDefinedBy, rdfs:range, rdfs:Resource).
triple(rdfs:comment, rdfs:range, rdfs:Literal).
triple(rdfs:label, rdfs:range, rdfs:Literal).
triple(rdf:value, rdfs:range, rdfs:Resource).
triple(rdf:Alt, rdfs:subClassOf, rdfs:Container).
triple(rdf:Bag, rdfs:subClassOf, rdfs:Container).
triple(rdf:Seq, rdfs:subClassOf, rdfs:Container).
triple(rdfs:ContainerMembershipProperty, rdfs:subClassOf, rdf:Property).
triple(rdfs:isDefinedBy, rdfs:subPropertyOf, rdfs:seeAlso).
triple(rdfs:Datatype, rdfs:subClassOf, rdfs:Class).
triple(rdf:type, rdf:type, rdf:Property).
triple(rdf:subject, rdf:type, rdf:Property).
triple(rdf:predicate, rdf:type, rdf:Property).
triple(rdf:object, rdf:type, rdf:Property).
triple(rdf:first, rdf:type, rdf:Property).
triple(rdf:rest, rdf:type, rdf:Property).
triple(rdf:value, rdf:type, rdf:Property).
triple(rdf:nil, rdf:type, rdf:List).
triple(rdf:langString, rdf:type, rdfs:Datatype).
triple(<http://www.w3.org/2001/XMLSchema#string>, rdf:type, rdfs:Datatype).
`;
